/* The far end and the limit of the line benchmarks; built by benchmarks/native.py where a compiler is found.
 *
 *   answer IMAGE PORT                    heaters that wait for connections on PORT
 *   dial IMAGE PORT COUNT RATE FIRST K N  the heaters of hub K of N among the ids FIRST to FIRST+COUNT-1, behind DTUs that
 *                                        dial in, RATE a second, and at once again when the hub drops them
 *   limit PORT LINES SECONDS             least work a poller can do: 12 registers per question, answers checked
 *
 * IMAGE holds 65,536 registers, high byte first, that every heater shows as holding and as input registers.
 * "limit" writes: answers, wall seconds, processor seconds. All on 127.0.0.0/8.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 512, QUESTION = 8, LONGEST = 260, REGISTERS = 12, ANSWER = 5 + 2 * REGISTERS };
struct line { int fd, held; long number; uint8_t bytes[LONGEST]; };
static uint16_t table[256];
static uint8_t image[131072];

static void fail(const char *what) { perror(what); exit(1); }

static void fill_table(void) {
  for (unsigned i = 0; i < 256; i++) {
    uint16_t c = (uint16_t)i;
    for (int bit = 0; bit < 8; bit++) c = c & 1 ? (uint16_t)(c >> 1 ^ 0xA001) : (uint16_t)(c >> 1);
    table[i] = c;
  }
}

static uint16_t crc16(const uint8_t *bytes, int size) {
  uint16_t c = 0xFFFF;
  for (int i = 0; i < size; i++) c = (uint16_t)(c >> 8 ^ table[(c ^ bytes[i]) & 0xFF]);
  return c;
}

static int seal(uint8_t *frame, int size) {
  uint16_t c = crc16(frame, size);
  frame[size] = (uint8_t)c;
  frame[size + 1] = (uint8_t)(c >> 8);
  return size + 2;
}

static double clock_s(clockid_t which) {
  struct timespec t;
  clock_gettime(which, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct sockaddr_in place(int host, int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  a.sin_addr.s_addr = htonl(0x7F000001u + (uint32_t)host);
  return a;
}

static struct line *watch(int epoll, int fd) {
  int yes = 1;
  struct line *line = calloc(1, sizeof *line);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = line};
  if (!line) fail("calloc");
  line->fd = fd;
  line->number = -1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) fail("epoll_ctl");
  return line;
}

/* A frame for one question; 0 when the question is damaged and stays unanswered. */
static int answer_to(const uint8_t *q, uint8_t *out) {
  int code = q[1], first = q[2] << 8 | q[3], count = q[4] << 8 | q[5];
  if (crc16(q, QUESTION)) return 0;
  out[0] = q[0];
  if (code == 6) return memcpy(out, q, QUESTION), QUESTION;
  if ((code != 3 && code != 4) || count < 1 || count > 125 || first + count > 65536) {
    out[1] = (uint8_t)(code | 0x80);
    out[2] = 2;
    return seal(out, 3);
  }
  out[1] = (uint8_t)code;
  out[2] = (uint8_t)(2 * count);
  memcpy(out + 3, image + 2 * first, (size_t)(2 * count));
  return seal(out, 3 + 2 * count);
}

static int serve(struct line *line) {
  ssize_t got = recv(line->fd, line->bytes + line->held, (size_t)(LONGEST - line->held), 0);
  uint8_t out[LONGEST];
  if (got == 0 || (got < 0 && errno != EAGAIN)) return 0;
  if (got > 0) line->held += (int)got;
  while (line->held >= QUESTION) {
    int size = answer_to(line->bytes, out);
    if (size && send(line->fd, out, (size_t)size, MSG_NOSIGNAL) != size) return 0;
    line->held -= QUESTION;
    memmove(line->bytes, line->bytes + QUESTION, (size_t)line->held);
  }
  return 1;
}

/* As zlib's, of "dtu:" and the id: says which hub the line belongs to. */
static uint32_t crc32_of(const char *text) {
  uint32_t c = 0xFFFFFFFFu;
  for (; *text; text++) {
    c ^= (uint8_t)*text;
    for (int bit = 0; bit < 8; bit++) c = c & 1 ? c >> 1 ^ 0xEDB88320u : c >> 1;
  }
  return ~c;
}

/* Sources 127.0.0.1, .2 ... take turns every 16,000 lines, so that the ports of one don't run out. */
static void dial(int epoll, int port, long number, long first, unsigned hub, unsigned hubs) {
  struct sockaddr_in from = place((int)(number / 16000), 0), to = place(0, port);
  char line[28];
  const char *id = line + 4;
  int yes = 1, fd, size = snprintf(line, sizeof line, "dtu:%015ld", first + number) - 4;
  if (crc32_of(line) % hubs != hub) return;
  fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) fail("socket");
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  if (bind(fd, (void *)&from, sizeof from) || connect(fd, (void *)&to, sizeof to)) fail("connect");
  if (send(fd, id, (size_t)size, MSG_NOSIGNAL) != size) fail("send");
  watch(epoll, fd)->number = number;
}

static int listening(int port) {
  struct sockaddr_in a = place(0, port);
  int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(fd, (void *)&a, sizeof a) || listen(fd, 4096)) fail("bind");
  return fd;
}

static void heaters(int epoll, int door, int port, long count, double rate, long first, unsigned hub, unsigned hubs) {
  struct epoll_event events[EVENTS];
  double began = clock_s(CLOCK_MONOTONIC);
  struct line *entrance = door < 0 ? NULL : watch(epoll, door);
  for (long dialled = 0;;) {
    double due = (clock_s(CLOCK_MONOTONIC) - began) * rate;
    for (int some = 0; some < 64 && dialled < count && (double)dialled < due; some++) 
      dial(epoll, port, dialled++, first, hub, hubs);
    int ready = epoll_wait(epoll, events, EVENTS, dialled < count ? 1 : 1000);
    for (int i = 0; i < ready; i++) {
      struct line *line = events[i].data.ptr;
      if (line == entrance) {
        int fd;
        while ((fd = accept(door, NULL, NULL)) >= 0) watch(epoll, fd);
      } else if (!serve(line)) {
        long again = line->number;
        close(line->fd);
        free(line);
        if (again >= 0) dial(epoll, port, again, first, hub, hubs);
      }
    }
  }
}

static void limit(int epoll, int port, int lines, double seconds) {
  struct sockaddr_in to = place(0, port);
  struct epoll_event events[EVENTS];
  uint8_t question[QUESTION] = {1, 3, 0, 0, 0, REGISTERS};
  uint16_t values[REGISTERS];
  unsigned long sum = 0, answers = 0;
  seal(question, 6);
  for (int i = 0; i < lines; i++) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (void *)&to, sizeof to)) fail("connect");
    watch(epoll, fd);
    if (send(fd, question, QUESTION, MSG_NOSIGNAL) != QUESTION) fail("send");
  }
  double began = clock_s(CLOCK_MONOTONIC), worked = clock_s(CLOCK_PROCESS_CPUTIME_ID);
  while (clock_s(CLOCK_MONOTONIC) - began < seconds) {
    int ready = epoll_wait(epoll, events, EVENTS, 100);
    for (int i = 0; i < ready; i++) {
      struct line *line = events[i].data.ptr;
      ssize_t got = recv(line->fd, line->bytes + line->held, (size_t)(LONGEST - line->held), 0);
      if (got <= 0) fail("recv");
      line->held += (int)got;
      if (line->held < ANSWER) continue;
      if (line->bytes[0] != 1 || line->bytes[1] != 3 || line->bytes[2] != 2 * REGISTERS || crc16(line->bytes, ANSWER))
        fail("a wrong answer");
      for (int k = 0; k < REGISTERS; k++) values[k] = (uint16_t)(line->bytes[3 + 2 * k] << 8 | line->bytes[4 + 2 * k]);
      sum += values[REGISTERS - 1];
      answers++;
      line->held = 0;
      if (send(line->fd, question, QUESTION, MSG_NOSIGNAL) != QUESTION) fail("send");
    }
  }
  printf("%lu %.6f %.6f\n", answers, clock_s(CLOCK_MONOTONIC) - began, clock_s(CLOCK_PROCESS_CPUTIME_ID) - worked);
  if (sum == 1) puts("");
}

int main(int count, char **words) {
  struct rlimit most;
  int epoll = epoll_create1(0);
  fill_table();
  getrlimit(RLIMIT_NOFILE, &most);
  most.rlim_cur = most.rlim_max;
  setrlimit(RLIMIT_NOFILE, &most);
  if (count == 5 && !strcmp(words[1], "limit")) {
    limit(epoll, atoi(words[2]), atoi(words[3]), atof(words[4]));
    return 0;
  }
  FILE *file = count > 3 ? fopen(words[2], "rb") : NULL;
  if (!file || fread(image, 1, sizeof image, file) != sizeof image) fail("image");
  int port = atoi(words[3]), dials = count == 9 && !strcmp(words[1], "dial");
  int door = dials ? -1 : listening(port);
  if (door >= 0) fcntl(door, F_SETFL, O_NONBLOCK);
  puts("ready");
  fflush(stdout);
  heaters(epoll, door, port, dials ? atol(words[4]) : 0, dials ? atof(words[5]) : 1, dials ? atol(words[6]) : 0,
          dials ? (unsigned)atoi(words[7]) : 0, dials ? (unsigned)atoi(words[8]) : 1);
}
