"""The laws of the house that import-linter cannot see (docs/decisions and `.importlinter` have the others)."""

import ast
import configparser
import inspect
import json
import os
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from statistics import median

import pytest
from django.apps import apps
from django.contrib.staticfiles import finders
from django.db.models import Model
from django.template.loader import get_template

from bacao.cli.build import EMOJI
from bacao.kit.paths import ROOT
from bacao.web.templatetags.icons import lucide

HOUSE = ROOT / "bacao"
FUNCTION_LINES_MAX = 70
FUNCTION_LINES_MEDIAN = 10
FILE_LINES_MAX = 400
DOORS = {"web", "cli"}
TEMPLATES = sorted(HOUSE.glob("web/**/templates/**/*.*"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def sources() -> list[tuple[Path, ast.Module]]:
    """Return every module but migrations, with its syntax tree; paths are relative to `bacao/`."""
    paths = [path for path in sorted(HOUSE.rglob("*.py")) if "migrations" not in path.parts]
    return [(path.relative_to(HOUSE), ast.parse(path.read_text())) for path in paths]


def functions() -> Iterator[tuple[Path, Function, int]]:
    """Yield every function with its place and its length in lines."""
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno
                yield path, node, node.end_lineno - node.lineno + 1


def floors() -> dict[str, int]:
    """Return how high each chapter stands, read from the contract that import-linter reads."""
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    layers = config["importlinter:contract:story"]["layers"].strip().split("\n")
    return {name.strip(): -depth for depth, layer in enumerate(layers) for name in layer.split("|")}


def chapter(model: type[Model]) -> str:
    """Return the chapter that a model belongs to, or the name of the foreign package."""
    package, _, rest = model.__module__.partition(".")
    return rest.split(".")[0] if package == "bacao" else package


def template_name(path: Path) -> str:
    """Return the name that Django knows a template by."""
    return path.as_posix().partition("/templates/")[2]


def asked(tag: str, text: str) -> list[str]:
    """Return what a template names by `{% tag "name" %}`."""
    return re.findall(rf"""\{{%\s*{tag}\s+["']([^"']+)["']""", text)


def exists(name: str) -> bool:
    """Tell whether `bacao build` would collect a static file of that name."""
    folder, _, file = name.partition("/")
    return Path(file).stem in emoji() if folder == "emoji" else bool(finders.find(name))


@cache
def emoji() -> frozenset[str]:
    """Return the names of all emoji pictures."""
    return frozenset(json.loads(EMOJI.read_text())["icons"])


def none_of(found: list[str], law: str) -> None:
    """Fail with every place that breaks a law."""
    assert not found, "\n".join([law, *found])


def test_foreign_keys_point_down_the_story() -> None:
    floor = floors()
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and isinstance(field.related_model, type)
        for here, there in [(chapter(model), chapter(field.related_model))]
        if here != there and here in floor and there in floor and floor[there] >= floor[here]
    ]
    none_of(upward, "these keys point at a later chapter")


def test_tables_are_opened_only_by_their_owner() -> None:
    trespasses = [
        f"{path}:{line} opens {opened}"
        for path, tree in sources()
        for line, opened in _opened_tables(tree)
        if opened.split(".")[1] != path.parts[0]
    ]
    none_of(trespasses, "ask the owner's queries or services instead")


def _opened_tables(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the `bacao.<chapter>.models` that a module imports, in whichever way, when it runs."""
    for node in _run(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}", *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if re.match(r"bacao\.\w+\.models$", name):
                yield getattr(node, "lineno", 0), name


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below that run: all but what stands under `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        yield child
        yield from _run(child)


def test_functions_fit_on_a_screen() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}: {lines}" for path, node, lines in functions() if lines > FUNCTION_LINES_MAX
    ]
    none_of(long, f"at most {FUNCTION_LINES_MAX} lines")
    assert median(lines for _, _, lines in functions()) < FUNCTION_LINES_MEDIAN


def test_files_are_read_in_one_sitting() -> None:
    counted = [(path, _written_lines(HOUSE / path)) for path, _ in sources()]
    long = [f"{path}: {lines}" for path, lines in counted if lines > FILE_LINES_MAX]
    none_of(long, f"at most {FILE_LINES_MAX} lines: let it become a folder")


def _written_lines(path: Path) -> int:
    return sum(1 for line in path.read_text().splitlines() if line.strip())


def test_only_doors_read_the_clock() -> None:
    readers = [
        f"{path}:{node.lineno}"
        for path, tree in sources()
        if path.parts[0] not in DOORS and "jobs" not in path.with_suffix("").parts
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _reads_clock(node, node.func)
    ]
    none_of(readers, "let `at` be passed in from the door")


def _reads_clock(call: ast.Call, called: ast.Attribute) -> bool:
    """Tell whether a call is `datetime.now(...)`, `timezone.localdate()`, `time.time()` or the like."""
    owner = called.value.attr if isinstance(called.value, ast.Attribute) else getattr(called.value, "id", "")
    if owner == "time":
        return called.attr in {"time", "time_ns"}
    if called.attr in {"localdate", "localtime"}:
        return owner == "timezone" and not call.args
    return owner in {"datetime", "date", "timezone"} and called.attr in {"now", "today", "utcnow"}


def test_services_take_keywords_only() -> None:
    doors = [import_module(f"bacao.{name}.services") for name in floors() if (HOUSE / name / "migrations").exists()]
    loose = [
        f"{door.__name__}.{name}"
        for door in doors
        for name, service in inspect.getmembers(door, inspect.isfunction)
        if not name.startswith("_") and service.__module__.startswith(door.__name__)
        if any(
            part.kind not in (part.KEYWORD_ONLY, part.VAR_KEYWORD)
            for part in inspect.signature(service).parameters.values()
        )
    ]
    none_of(loose, "a write says what each value is: def verb_noun(*, ...)")


def test_nobody_listens_to_signals() -> None:
    listeners = [
        f"{path}:{getattr(node, 'lineno', 0)}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and re.match(r"django\.(dispatch|.*\.signals)", node.module or "")
    ]
    none_of(listeners, "the write path is visible in one function (house.md, section 3)")


def test_every_exception_to_a_check_says_why() -> None:
    bare = re.compile(r"#\s*(noqa|type:\s*ignore)(?!\S*[:\[][^#]*#\s*\S)")
    paths = [*HOUSE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    silent = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in paths
        if "migrations" not in path.parts and path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if bare.search(line)
    ]
    none_of(silent, "name the rule and write the reason beside it")


def test_nothing_is_left_for_later() -> None:
    """No word that puts work off stands in the product; the list below is what is looked for, not such a word."""
    words = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError|lorem ipsum)\b")
    paths = [path for kind in ("py", "js", "html", "css") for path in HOUSE.rglob(f"*.{kind}")]
    later = [str(path.relative_to(ROOT)) for path in paths if words.search(path.read_text())]
    none_of(later, "finish it or take it out")


@pytest.mark.parametrize("path", TEMPLATES, ids=template_name)
def test_templates_compile_and_name_pictures_that_exist(path: Path) -> None:
    get_template(template_name(path))
    text = path.read_text()
    assert [name for name in asked("static", text) if not exists(name)] == []
    assert [name for name in asked("emoji", text) if name not in emoji()] == []
    assert [name for name in asked("icon", text) if name not in lucide()] == []


def test_modules_import_files_that_exist() -> None:
    imported = re.compile(r"""^(?:import|export)\b[^;"']*?["'](\.[^"']+)["']""", re.MULTILINE)
    lost = [
        f"{path.relative_to(ROOT)}: {target}"
        for folder in HOUSE.glob("**/static")
        for path in folder.rglob("*.js")
        for target in imported.findall(path.read_text())
        if not exists(os.path.normpath(path.relative_to(folder).parent / target))
    ]
    assert lost == []


@pytest.mark.parametrize("path", TEMPLATES, ids=template_name)
def test_templates_carry_no_script_of_their_own(path: Path) -> None:
    """The content security policy would refuse it in the browser, silently."""
    text = path.read_text()
    inline = [
        tag
        for tag in re.findall(r"<script\b[^>]*>", text)
        if "src=" not in tag and "nonce=" not in tag and "json" not in tag
    ]
    assert inline == []
    assert re.findall(r"<[^>]+\s(on[a-z]+)=", text) == []
    assert "javascript:" not in text
