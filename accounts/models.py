"""Places, people, what they may do where, and what they did."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import cached_property  # the kind that prefetching recognises
from django.utils.translation import gettext_lazy as _

from accounts.history.actors import actor_words, reason_words
from accounts.history.triggers import append_only, history_guards
from accounts.one_time_codes import TOTPDevice
from accounts.owning import BUREAU, KINDS
from accounts.records import TrackedModel
from accounts.rights import ROLE_CHOICES, ROLES, roles_with
from core import clock
from core.areas import code_range

__all__ = [
    "AccessLog",
    "Area",
    "AuditEntry",
    "Grant",
    "HistoryCheck",
    "Membership",
    "SavedView",
    "Selection",
    "SignIn",
    "TOTPDevice",
    "User",
]


class AreaQuerySet(models.QuerySet["Area"]):
    def visible_to(self, user: Any, right: str = "") -> AreaQuerySet:
        """Areas inside the user's grants, whatever the role (or only where it holds `right`)."""
        codes = user.area_codes_for(right) if user.is_authenticated else []
        return self.within(*codes)

    def within(self, *codes: str) -> AreaQuerySet:
        if not codes:
            return self.none()
        condition = Q()
        for code in codes:
            low, high = code_range(code)
            condition |= Q(code__gte=low, code__lt=high)
        return self.filter(condition)


class Area(TrackedModel):
    """A place. Its code is the path to it: 37 → 3709 → 370902 → 370902001 → 370902001001 → …001001001."""

    class Level(models.TextChoices):
        PROVINCE = "province", _("Province")
        CITY = "city", _("City")
        COUNTY = "county", _("County or district")
        TOWN = "town", _("Town or street")
        VILLAGE = "village", _("Village or community")
        GROUP = "group", _("Village group")

    code = models.CharField(_("code"), max_length=15, primary_key=True)
    level = models.CharField(_("level"), max_length=10, choices=Level.choices)
    name = models.CharField(_("name"), max_length=60)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    aliases = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    area_class = models.CharField(_("area class"), max_length=20, blank=True)
    is_scattered = models.BooleanField(_("scattered households"), default=False)
    in_heat_network = models.BooleanField(null=True)
    in_no_coal_zone = models.BooleanField(null=True)
    gas_available = models.BooleanField(null=True)
    grid_capacity_ok = models.BooleanField(null=True)

    objects = AreaQuerySet.as_manager()
    history_area_column: ClassVar = "code"
    history_name: ClassVar = "name"
    data_labels: ClassVar = {"code": "L0", "name": "L0", "aliases": "L0", "area_class": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=username)

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(TrackedModel, AbstractBaseUser):
    """An account of one named person. There is no superuser: what a person may do is in `Grant` alone."""

    username = models.CharField(_("account"), max_length=40, unique=True)
    person_name = models.CharField(_("person"), max_length=40)
    person_no = models.CharField(
        _("staff number"),
        max_length=40,
        help_text=_("The same person keeps the same number in every account"),
    )
    unit = models.CharField(_("unit"), max_length=80, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    reopened_at = models.DateTimeField(null=True, blank=True)
    password_changed_at = models.DateTimeField(null=True, blank=True)
    must_change_password = models.BooleanField(default=False, help_text="The password was given out by somebody else")
    old_passwords = ArrayField(models.CharField(max_length=128), default=list, blank=True)
    access_version = models.PositiveIntegerField(
        default=1, help_text="Raised when rights change: open sessions notice at once"
    )
    desktop_session = models.CharField(max_length=32, blank=True, help_text="Mark of the one open desktop session")
    phone_session = models.CharField(max_length=32, blank=True, help_text="Mark of the one open phone session")
    language = models.CharField(max_length=10, default="zh-hans")
    theme = models.CharField(max_length=10, default="light")

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar = ["person_name", "person_no"]
    objects = UserManager()
    history_exclude: ClassVar = ("last_login", "desktop_session", "phone_session")
    history_name: ClassVar = "person_name"
    data_labels: ClassVar = {
        "username": "L1",
        "person_name": "L2",
        "person_no": "L2",
        "unit": "L1",
        "password": "L4",
        "old_passwords": "L4",
        "desktop_session": "L1",
        "phone_session": "L1",
        "language": "L0",
        "theme": "L0",
    }
    data_labels_plain: ClassVar = {"password": "Argon2 hash", "old_passwords": "Argon2 hashes"}

    class Meta(TrackedModel.Meta):
        ordering = ["username"]

    def __str__(self) -> str:
        return self.person_name or self.username

    @cached_property
    def active_grants(self) -> list[Grant]:
        return list(self.grants.active().select_related("area")) if self.is_active else []

    @cached_property
    def devices_at_hand(self) -> list[TOTPDevice]:
        """The devices for one-time codes; read with the account where a session brought it."""
        return list(TOTPDevice.objects.filter(user=self))

    @cached_property
    def role_codes(self) -> list[str]:
        return sorted({grant.role for grant in self.active_grants})

    @cached_property
    def rights(self) -> frozenset[str]:
        return frozenset().union(*(ROLES[role].rights for role in self.role_codes))

    @property
    def needs_second_factor(self) -> bool:
        return any(ROLES[role].second_factor for role in self.role_codes)

    def area_codes_for(self, right: str = "") -> list[str]:
        """Codes of the areas where a live grant holds `right` (any right when empty)."""
        wanted = set(roles_with(right)) if right else set(ROLES)
        return sorted({grant.area_id for grant in self.active_grants if grant.role in wanted})

    @cached_property
    def bonds(self) -> dict[str, frozenset[int]]:
        """Kind of organisation → keys, in its register, of those the account works for today. Asked of the database
        only for people of organisations."""
        if not any(ROLES[role].own_only not in ("", "agency") for role in self.role_codes):
            return {}  # agencies keep their members themselves
        held = list(self.memberships.active().values_list("kind", "organisation_id"))
        return {kind: frozenset(key for held_kind, key in held if held_kind == kind) for kind in KINDS}

    def works_for(self, kind: str) -> frozenset[int]:
        """Keys of the organisations of that kind; none for who has no role of that kind."""
        if not any(ROLES[role].own_only == kind for role in self.role_codes):
            return frozenset()
        return self.bonds.get(kind, frozenset())

    def department_keys(self) -> Any:
        """Keys of the departments (programmes.Department) the account stands for today, as a subquery."""
        return self.memberships.active().filter(kind=BUREAU).values("organisation_id")

    @cached_property
    def departments(self) -> frozenset[int]:
        """The same keys, asked once."""
        return frozenset(self.department_keys().values_list("organisation_id", flat=True))

    def is_party(self, kind: str, organisation: Any) -> bool:
        """Whether the person can't judge that organisation's work: works for it, or for a unit of its name. Two of one
        name are treated alike here: who is refused has lost nothing but one judgement."""
        return organisation.pk in self.bonds.get(kind, ()) or (self.unit.strip() or None) == organisation.name.strip()

    def whole_codes_for(self, right: str) -> list[str]:
        """Of `area_codes_for`, those where the person sees every row."""
        wanted = {role for role in roles_with(right) if not ROLES[role].own_only}
        return sorted({grant.area_id for grant in self.active_grants if grant.role in wanted})

    def own_codes_for(self, right: str) -> dict[str, list[str]]:
        """Kind of organisation → codes of the areas where the person sees only what belongs to the own one."""
        held = [grant for grant in self.active_grants if grant.role in roles_with(right)]
        kinds = sorted({ROLES[grant.role].own_only for grant in held} - {""})
        return {kind: sorted({one.area_id for one in held if ROLES[one.role].own_only == kind}) for kind in kinds}

    def has_right(self, right: str, area: Area | str | None = None) -> bool:
        """Whether the user holds `right` at all, or over the given area (object or code)."""
        codes = self.area_codes_for(right)
        if area is None:
            return bool(codes)
        code = area if isinstance(area, str) else area.code
        return any(code.startswith(held) for held in codes)


class GrantQuerySet(models.QuerySet["Grant"]):
    def active(self) -> GrantQuerySet:
        """Those in force today by the calendar, whatever day the demonstration stands on."""
        today = timezone.localdate()
        return self.filter(Q(expires_on__isnull=True) | Q(expires_on__gte=today), starts_on__lte=today)


class Grant(TrackedModel):
    """A right is a role on an area, for a time."""

    user = models.ForeignKey(User, models.CASCADE, related_name="grants")
    person_no = models.CharField(max_length=40, editable=False)
    role = models.CharField(_("role"), max_length=30, choices=ROLE_CHOICES)
    admin_kind = models.SmallIntegerField(editable=False, default=0)
    area = models.ForeignKey(Area, models.PROTECT)
    starts_on = models.DateField(default=clock.today)
    expires_on = models.DateField(null=True, blank=True)
    granted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = GrantQuerySet.as_manager()
    data_labels: ClassVar = {"person_no": "L2"}

    class Meta(TrackedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["user", "role", "area"], name="grant_once"),
            # System, security and audit administrators and ordinary officials: never two kinds in one person (C7).
            ExclusionConstraint(
                name="grant_one_kind_per_person",
                index_type="GIST",
                expressions=[(F("person_no"), "="), (F("admin_kind"), "<>")],
            ),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.person_no = self.user.person_no
        self.admin_kind = ROLES[self.role].admin_kind
        super().save(*args, **kwargs)


class Membership(TrackedModel):
    """An account works for one organisation, for a time: the bond that decides which rows are its own.

    `organisation_id` is the key in the register of its kind (accounts.organisations), never a name: a register that is
    renamed, or holds two of one name, shows nobody another's rows. Without a role of that kind it gives nothing.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    kind = models.CharField(_("kind"), max_length=8, choices=[(kind, label) for kind, label in KINDS.items()])
    organisation_id = models.BigIntegerField(_("organisation"))
    starts_on = models.DateField(default=clock.today)
    expires_on = models.DateField(null=True, blank=True)
    granted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = GrantQuerySet.as_manager()
    data_labels: ClassVar = {}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["user", "kind", "organisation_id"], name="membership_once")]


class SignIn(TrackedModel):
    """One evaluated try to sign in. The typed name is kept as a keyed fingerprint: people type passwords there."""

    class Outcome(models.TextChoices):
        OK = "ok", _("signed in")
        WRONG = "wrong", _("refused")

    class Alert(models.TextChoices):
        NONE = "", _("none")
        TWO_PLACES = "two_places", _("one account, two places")

    at = models.DateTimeField(default=clock.now)
    name_index = models.CharField(max_length=64)
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="sign_ins")
    address = models.GenericIPAddressField(null=True, blank=True)
    device = models.CharField(max_length=10, choices=[("desktop", _("computer")), ("phone", _("phone"))])
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    alert = models.CharField(max_length=20, choices=Alert.choices, blank=True, default="")
    data_labels: ClassVar = {"name_index": "L1"}

    class Meta(TrackedModel.Meta):
        indexes = [models.Index(fields=["name_index", "-at"], name="sign_in_of_name")]
        triggers = [*TrackedModel.Meta.triggers, *append_only()]


class SavedView(TrackedModel):
    """A list's address under a name; private, shared by unit, or the system's."""

    owner = models.ForeignKey(User, models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=60)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)
    shared = models.CharField(
        max_length=10, default="private", choices=[("private", _("Private")), ("unit", _("My unit"))]
    )
    data_labels: ClassVar = {"page": "L0", "name": "L1", "query": "L1"}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["owner", "page", "name"], name="saved_view_once")]


class Selection(TrackedModel):
    """ "Select all" as a stored thing: the query, what it counted, and who un-ticked what; lives 30 minutes."""

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(User, models.CASCADE)
    page = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)
    excluded_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    included_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    count = models.PositiveIntegerField()
    fingerprint = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    data_labels: ClassVar = {"page": "L0", "query": "L1", "fingerprint": "L0"}


class AuditEntry(models.Model):
    """One change of one row, written by a trigger, later sealed into the hash chain. Never by application code."""

    at = models.DateTimeField()
    table = models.CharField(max_length=63)
    row_pk = models.CharField(max_length=40)
    operation = models.CharField(max_length=1, choices=[("I", _("created")), ("U", _("changed")), ("D", _("deleted"))])
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=80)
    request_id = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    area_id = models.CharField(max_length=15, blank=True, default="")
    seq = models.BigIntegerField(null=True)
    prev_hash = models.BinaryField(null=True)
    hash = models.BinaryField(null=True)
    data_labels: ClassVar = {
        "table": "L0",
        "row_pk": "L0",
        "before": "L3",
        "after": "L3",
        "actor_name": "L2",
        "request_id": "L0",
        "reason": "L1",
        "area_id": "L0",
        "prev_hash": "L0",
        "hash": "L0",
    }
    data_labels_plain: ClassVar = dict.fromkeys(("before", "after"), "encrypted columns stand in it as envelopes")

    class Meta:
        indexes = [
            models.Index(fields=["table", "row_pk", "-id"], name="audit_of_row"),
            models.Index(fields=["id"], name="audit_unsealed", condition=Q(hash__isnull=True)),
        ]
        # Of sealed entries only: an entry that waits for its seal needs no place among them.
        constraints = [
            models.UniqueConstraint(fields=["seq"], name="audit_seq_once", condition=Q(seq__isnull=False)),
            models.UniqueConstraint(fields=["prev_hash"], name="audit_no_fork", condition=Q(prev_hash__isnull=False)),
        ]
        triggers = history_guards()

    @property
    def actor_words(self) -> str:
        """Who acted: the person, or what the portal was doing."""
        return self.actor_name if self.actor_id else actor_words(self.actor_name)

    @property
    def reason_words(self) -> str:
        return reason_words(self.reason)


class HistoryCheck(TrackedModel):
    """One reading of the whole history: whether it held, and what was found first when it did not."""

    at = models.DateTimeField(default=timezone.now)
    holds = models.BooleanField()
    links = models.BigIntegerField(help_text="Links of the chain that were recomputed")
    rows = models.BigIntegerField(help_text="Rows that were compared with their history")
    anchors = models.PositiveIntegerField(help_text="Heads recorded outside the database that were compared")
    finding = models.CharField(max_length=300, blank=True)
    data_labels: ClassVar = {"finding": "L0"}

    class Meta(TrackedModel.Meta):
        triggers = [*TrackedModel.Meta.triggers, *append_only()]


class AccessLog(TrackedModel):
    """Who looked at what full value, or took which export, and why. Written before the value is shown."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    user = models.ForeignKey(User, models.PROTECT)
    kind = models.CharField(
        max_length=20, choices=[("reveal", _("reveal")), ("export", _("export")), ("download", _("download"))]
    )
    object_table = models.CharField(max_length=63)
    object_pk = models.CharField(max_length=40)
    field = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=300)
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    row_count = models.PositiveIntegerField(null=True, blank=True)
    content_sha256 = models.CharField(max_length=64, blank=True)
    data_labels: ClassVar = {
        "object_table": "L0",
        "object_pk": "L0",
        "field": "L0",
        "reason": "L1",
        "request_id": "L0",
        "content_sha256": "L0",
    }

    class Meta(TrackedModel.Meta):
        triggers = [*TrackedModel.Meta.triggers, *append_only()]
