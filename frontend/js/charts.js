// Charts where time is the axis. A chart is <figure data-chart="/address/of/json">; the JSON is
//   {"times": ["09:00", …], "panels": [{"unit": "℃", "min": 25, "max": 50, "series": [{"name": "Supply",
//     "token": "--t-supply", "values": [44.6, null, …], "style": "line|dashed|step"}], "lines": [{"label": "16", "value": 16}],
//     "marks": [{"at": 5, "label": "set 21"}]}],
//    "bands": [{"from": 3, "to": 9, "label": "no data", "token": "--idle-soft", "opacity": 0.9}]}
// null stays a gap. Colours come from the stylesheet's tokens when drawn, so both themes work.
import * as core from 'echarts/core';
import { BarChart, LineChart } from 'echarts/charts';
import { AriaComponent, AxisPointerComponent, GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent } from 'echarts/components';
import { CanvasRenderer } from 'echarts/renderers';

core.use([LineChart, BarChart, GridComponent, TooltipComponent, MarkLineComponent, MarkAreaComponent, AriaComponent, AxisPointerComponent, CanvasRenderer]);

const drawn = new Map();
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// A value between two gaps makes no line: it is drawn as a point.
function withPoints(values) {
  const alone = (i) => values[i] !== null && [i - 1, i + 1].every((n) => values[n] === null || values[n] === undefined);
  return values.map((value, i) => (alone(i) ? { value: value, symbol: 'circle', symbolSize: 5 } : value));
}

function series(one, at, panel, bands) {
  const color = token(one.token || '--brand');
  const out = {
    name: one.name, type: one.style === 'bar' ? 'bar' : 'line', data: withPoints(one.values), xAxisIndex: at, yAxisIndex: at, symbol: 'none',
    connectNulls: false, itemStyle: { color: color }, emphasis: { disabled: true },
    lineStyle: { width: one.style === 'dashed' || one.style === 'step' ? 1.5 : 2, color: color, type: one.style === 'dashed' || one.style === 'step' ? 'dashed' : 'solid' },
  };
  if (one.style === 'step') out.step = 'end';
  if (panel) out.markLine = { symbol: 'none', silent: true, lineStyle: { color: token('--line-strong'), type: 'dashed' },
    label: { fontSize: 12, color: token('--ink-3'), position: 'insideStartBottom' },
    data: (panel.lines || []).map((l) => ({ yAxis: l.value, label: { formatter: l.label, position: l.above ? 'insideStartTop' : 'insideStartBottom' } })).concat((panel.marks || []).map((m) => ({ xAxis: m.at,
      label: { formatter: m.label, color: token('--ember'), position: 'insideEndTop', rotate: 0 }, lineStyle: { color: token('--ember'), type: 'solid', width: 1.5 } }))) };
  if (bands && bands.length) out.markArea = { silent: true, label: { fontSize: 12, color: token('--ink-3'), position: 'insideTop' },
    data: bands.map((b) => [{ name: b.label, xAxis: b.from, itemStyle: { color: token(b.token || '--idle-soft'), opacity: b.opacity || 0.9 } }, { xAxis: b.to }]) };
  return out;
}

function option(data, height) {
  const count = data.panels.length;
  const gap = 38;
  const each = Math.floor((height - 40 - gap * (count - 1)) / count);
  const axis = { color: token('--ink-3'), fontSize: 12 };
  return {
    animation: false, aria: { enabled: true }, textStyle: { fontFamily: token('--font'), color: token('--ink-2') },
    tooltip: { trigger: 'axis', confine: true, renderMode: 'richText', backgroundColor: token('--panel'), borderColor: token('--line-strong'),
      textStyle: { color: token('--ink'), fontSize: 12.5 } },
    axisPointer: { link: [{ xAxisIndex: 'all' }] },
    grid: data.panels.map((_, i) => ({ left: 46, right: 18, top: 12 + i * (each + gap), height: each })),
    xAxis: data.panels.map((_, i) => ({ type: 'category', gridIndex: i, data: data.times, boundaryGap: false, axisTick: { show: false },
      axisLine: { onZero: false, lineStyle: { color: token('--line-strong') } }, axisLabel: Object.assign({ show: i === count - 1, hideOverlap: true }, axis) })),
    yAxis: data.panels.map((p, i) => ({ type: 'value', gridIndex: i, min: p.min, max: p.max, scale: true, name: p.unit, nameTextStyle: axis, axisLabel: axis,
      splitLine: { lineStyle: { color: token('--line'), type: [2, 4] } } })),
    series: data.panels.flatMap((p, i) => p.series.map((s, n) => series(s, i, n === 0 ? p : null, n === 0 && i === 0 ? data.bands : null))),
  };
}

function paint(figure, data) {
  const old = drawn.get(figure);
  const chart = old ? old.chart : core.init(figure);
  drawn.set(figure, { chart: chart, data: data });
  chart.setOption(option(data, figure.clientHeight), true);
}

function load(figure) {
  fetch(figure.dataset.chart, { headers: { Accept: 'application/json', 'X-Unattended': '1' }, credentials: 'same-origin' })
    .then((answer) => { if (!answer.ok) throw new Error(String(answer.status)); return answer.json(); })
    .then((data) => { figure.classList.remove('is-stale'); paint(figure, data); })
    .catch(() => figure.classList.add('is-stale'));
}

function start(rootElement) {
  rootElement.querySelectorAll('[data-chart]').forEach((figure) => {
    if (drawn.has(figure)) return;
    load(figure);
    const every = Number(figure.dataset.every || 0);
    if (every) setInterval(() => { if (!document.hidden && figure.isConnected) load(figure); }, every * 1000);
  });
}

window.addEventListener('resize', () => drawn.forEach((d) => d.chart.resize()));
document.addEventListener('portal:theme', () => drawn.forEach((d, figure) => paint(figure, d.data)));
document.addEventListener('htmx:afterSettle', (e) => start(e.target));
start(document);
