"""Every environment variable that the house reads: the one list, which `bacao doctor` shows and a test compares."""

from typing import NamedTuple

from bacao.kit.text import Text


class Variable(NamedTuple):
    """One environment variable; `default` is what an empty one means, `secret` hides the value."""

    name: str
    default: str
    meaning: Text
    secret: bool = False


VARIABLES = (
    Variable("BACAO_VAR", "var/", Text("一切写入的目录", "the folder of everything that is written")),
    Variable(
        "DATABASE_URL",
        "built-in",
        Text("自己的 PostgreSQL (15 或更新)", "a PostgreSQL of your own, 15 or newer"),
        secret=True,
    ),
    Variable("BACAO_PORT", "8000", Text("端口", "the port")),
    Variable("BACAO_HOST", "127.0.0.1", Text("监听地址", "the address to listen on; 0.0.0.0 for every network")),
    Variable(
        "BACAO_BASE_URL",
        "http://localhost:PORT",
        Text("别人看到的地址", "the address that people see; https:// makes cookies secure"),
    ),
    Variable(
        "BACAO_HOSTS",
        "localhost (demo: any)",
        Text("允许的主机名, 逗号分隔", "host names that are answered, comma separated"),
    ),
    Variable("BACAO_EDGE", "0", Text("前面是自己的 nginx", "our own nginx is in front; up --edge sets it")),
    Variable("BACAO_EDGE_HOST", "127.0.0.1", Text("边缘层监听地址", "the address the edge listens on")),
    Variable("BACAO_EDGE_PORT", "8443", Text("边缘层的 https 端口", "the edge's port for https")),
    Variable("BACAO_EDGE_HTTP_PORT", "8080", Text("边缘层的 http 端口", "the edge's port for http, which redirects")),
    Variable("BACAO_EDGE_CERTIFICATE", "self-signed", Text("证书文件", "the file of the certificate chain")),
    Variable("BACAO_EDGE_KEY", "self-signed", Text("证书私钥文件", "the file of its private key")),
    Variable("BACAO_PROXIES", "0", Text("前面有几层代理", "how many proxies stand in front")),
    Variable("BACAO_SECRET_KEY", "made once, var/secret", Text("签名密钥", "what signs sessions"), secret=True),
    Variable(
        "BACAO_SIGNING_KEYS",
        "made once a quarter, var/signing",
        Text("券码签名的密钥, 2026-4:hex,...", "keys of signed vouchers, 2026-4:hex,..."),
        secret=True,
    ),
    Variable(
        "BACAO_DEMO",
        "1 with the demo city",
        Text("演示: 登录码显示在屏幕上", "demo: sign-in codes are shown on screen, the sandbox pays"),
    ),
    Variable("BACAO_DEBUG", "0", Text("开发: 直接供应源文件", "development: sources are served, errors shown")),
    Variable("BACAO_LOG_LEVEL", "INFO", Text("日志级别", "the least that is logged")),
    Variable("BACAO_TIME_ZONE", "Asia/Shanghai", Text("城市的时区", "the city's time zone")),
    Variable(
        "BACAO_CENTRE",
        "30.2550,120.1620",
        Text("市中心的经纬度 (没有街区时)", "latitude and longitude of the centre, for a city without districts"),
    ),
    Variable("BACAO_CURRENCY", "CNY", Text("货币", "the currency")),
    Variable(
        "BACAO_PAYMENT_PROVIDERS",
        "sandbox",
        Text("收款方, 逗号分隔, 第一个收新款", "who takes money, comma separated; the first takes new payments"),
    ),
    Variable("BACAO_SANDBOX_URL", "BASE_URL/sandbox", Text("任务访问沙盒的地址", "where jobs reach the sandbox")),
    Variable(
        "BACAO_SANDBOX_SECRET",
        "made of BACAO_SECRET_KEY",
        Text("与沙盒共享的密钥", "the secret shared with the sandbox"),
        secret=True,
    ),
    Variable("BACAO_PHONE_REGION", "CN", Text("手机号默认国家", "the country of numbers typed without a code")),
    Variable("BACAO_SMS_PROVIDER", "log", Text("短信: log 或 webhook", "text messages: log or webhook")),
    Variable("BACAO_SMS_URL", "", Text("短信 webhook 的地址", "the webhook's address")),
    Variable("BACAO_SMS_SECRET", "", Text("短信 webhook 的签名密钥", "what signs calls of the webhook"), secret=True),
    Variable(
        "BACAO_EMAIL_URL", "", Text("smtp://... 或 smtps://...; 空 = 日志", "smtp or smtps; empty = log"), secret=True
    ),
    Variable("BACAO_EMAIL_FROM", "bacao@localhost", Text("发件人", "the sender of e-mail")),
    Variable("BACAO_TEST_DATABASE", "test_bacao", Text("测试用数据库名", "the name of the tests' database")),
    Variable("BACAO_TEST_DATA", "../shared/data", Text("测试用真实数据", "the folder of real data for tests")),
)
INTERNAL = {"BACAO_STATIC_ROOT"}  # `bacao build` says it to its own child
