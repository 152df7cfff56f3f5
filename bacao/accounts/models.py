"""Who somebody is, what a person may do, and what was agreed to."""

import uuid
from typing import Any, ClassVar

import pghistory
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class UserManager(BaseUserManager["User"]):
    """Makes people; nobody has a user name, and hardly anybody a password."""

    def create_user(self, *, phone: str | None = None, email: str | None = None, **fields: Any) -> "User":
        """Insert a person without a usable password; `phone` is E.164 (+8613800000000)."""
        user = self.model(phone=phone or None, email=(email or "").lower() or None, **fields)
        user.set_unusable_password()
        user.save(using=self._db)
        return user

    def create_superuser(self, *, email: str, password: str | None = None, **fields: Any) -> "User":
        """Insert an operator who may do everything at the desk."""
        user = self.create_user(email=email, is_staff=True, is_superuser=True, **fields)
        if password:
            user.set_password(password)
            user.save(using=self._db, update_fields=["password"])
        return user


@pghistory.track(exclude=["password", "last_login"])
class User(AbstractBaseUser, PermissionsMixin):
    """A person: resident, member, owner, clerk, creator, field worker or operator, or several at once (F10)."""

    phone = models.CharField(max_length=16, unique=True, null=True, blank=True)
    phone_verified = models.BooleanField(default=False)
    email = models.EmailField(unique=True, null=True, blank=True)
    display_name = models.CharField(max_length=40)
    avatar = models.CharField(max_length=60, default="bust-in-silhouette", help_text="name of an emoji picture")
    bio = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=8, default="zh-hans")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_official = models.BooleanField(default=False)
    personal_ranking = models.BooleanField(default=True)
    location_consent_at = models.DateTimeField(null=True, blank=True)
    date_joined = models.DateTimeField(db_default=Now())

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_official"], condition=Q(is_official=True), name="accounts_one_official_account"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name


@pghistory.track()
class Role(models.Model):
    """A city-wide role somebody holds from one day to another; shop roles live in `places`."""

    class Kind(models.TextChoices):
        FIELD_WORKER = "field_worker"
        OPERATOR = "operator"

    user = models.ForeignKey(User, models.PROTECT, related_name="roles")
    kind = models.CharField(max_length=16, choices=Kind)
    granted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    granted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind"], condition=Q(ended_at=None), name="accounts_one_open_role_of_a_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.kind}"


@pghistory.track()
class EntitlementGrant(models.Model):
    """A person holds an entitlement key from one instant until another (PR11): `member:plan-a`, `student`.

    Keys are opaque: offers only compare them. `evidence` = what it was granted on; a grant that ends early says when in
    `valid_until`.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="entitlements")
    key = models.CharField(max_length=60)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True, help_text="empty = until it is ended")
    evidence = models.CharField(max_length=200, blank=True)
    granted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    granted_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "valid_from"], name="accounts_entitlements_of_user")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")), name="accounts_grant_window"
            ),
            models.CheckConstraint(
                condition=Q(key__regex=r"^[a-z][a-z0-9-]*(:[a-z0-9-]+)?$"), name="accounts_grant_names_a_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.key}"


class SignInCode(models.Model):
    """Six digits sent to a contact; only their keyed hash is kept. The id stays in the session that asked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    contact = models.CharField(max_length=254, help_text="E.164 or e-mail address in lower case")
    digest = models.CharField(max_length=64)
    tries = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.pk)
