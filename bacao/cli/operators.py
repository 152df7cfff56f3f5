"""`bacao operator`: who may work at the desk; the first one cannot be made anywhere else."""

import argparse

from bacao.cli import postgres
from bacao.cli.say import say
from bacao.kit.text import Text


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `bacao operator`."""
    parser = subparsers.add_parser("operator", help="let somebody work at the desk, or no longer")
    parser.add_argument("contact", help="mobile number or e-mail address they sign in with")
    parser.add_argument("--name", default="", help="what they are called, if they are new")
    parser.add_argument("--administrator", action="store_true", help="may do whatever the desk can do")
    parser.add_argument("--end", action="store_true", help="take the role back")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Grant or end the role of an operator; somebody unknown becomes a person."""
    with postgres.opened():
        import django

        django.setup()
        from django.conf import settings
        from django.utils import timezone

        from bacao.accounts import rules
        from bacao.accounts.queries import find_user_by_email, find_user_by_phone
        from bacao.accounts.services import create_person, end_role, grant_role

        contact, at = rules.read_contact(arguments.contact, region=settings.PHONE_REGION), timezone.now()
        is_phone = contact.channel == rules.Channel.PHONE
        user = find_user_by_phone(contact.value) if is_phone else find_user_by_email(contact.value)
        if arguments.end:
            if user:
                end_role(user=user, kind="operator", at=at)
            say(Text(f"{contact.value} 不再是运营。", f"{contact.value} is no operator."))
            return 0
        if user is None:
            user = create_person(
                phone=contact.value if is_phone else None,
                email=None if is_phone else contact.value,
                display_name=arguments.name or rules.first_name("zh-hans", at.microsecond),
            )
        grant_role(user=user, kind="operator", granted_by=None, at=at, administrator=arguments.administrator)
    say(
        Text(
            f"{user.display_name} 现在是运营，用 {contact.value} 登录后打开 /desk/。",
            f"{user.display_name} is an operator now: sign in with {contact.value} and open /desk/.",
        )
    )
    return 0
