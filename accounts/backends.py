from django.contrib.auth.backends import ModelBackend


class PersonBackend(ModelBackend):
    """Name and password. Rights come from `Grant` alone, so Django's permission questions are always answered no."""

    def has_perm(self, *args: object, **kwargs: object) -> bool:
        return False

    def has_module_perms(self, *args: object, **kwargs: object) -> bool:
        return False

    def get_all_permissions(self, *args: object, **kwargs: object) -> set[str]:
        return set()
