#!/usr/bin/env python3
"""Lets real assistants read, print and be told planted secrets, with Leaktight's
hooks installed, and looks for them in all that the model would have got.

    npm install --prefix DIR @anthropic-ai/claude-code-linux-x64 @openai/codex \\
        @google/gemini-cli @github/copilot
    crates/cli/tests/assistants/run.py DIR target/release/leaktight [ASSISTANT..]

Each run has a network of its own in which there is nothing but the loopback
(`unshare --net`, so it needs the rights for that, and Linux). A control without
hooks shows that the secret would have been sent. Exits with 1 when one was.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
MODULES = Path(sys.argv[1]).resolve() / "node_modules"
PROGRAM = Path(sys.argv[2]).resolve()
PORT = 9101
URL = f"http://127.0.0.1:{PORT}"
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"


def password():
    """A password. Some assistants hide tokens of well-known shape themselves, which would show nothing."""
    return "".join(random.choice(LETTERS) for _ in range(24))


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


class Assistant:
    def __init__(self, name, scope, command, variables, settings, tools, writes=None):
        self.name, self.scope, self.command = name, scope, command
        self.variables, self.settings, self.tools = variables, settings, tools
        # The tool that makes a file, and its arguments for the path and the text.
        self.writes = writes

    def cases(self, secret, project, placeholder=""):
        shell, read, path = self.tools
        call = lambda tool, key, value: f"go\nTOOL {tool} " + json.dumps({key: value, **({"description": "x"} if tool in ("Bash", "bash") else {})})
        tool, path_key, text_key = self.writes or (None, None, None)
        write = f"go\nTOOL {tool} " + json.dumps({path_key: str(project / "new.yaml"), text_key: f"key: {placeholder}\n"})
        return {
            **({"write": write} if self.writes else {}),
            "read": call(read, path, str(project / "conf.txt")) if read else call(*shell, "cat conf.txt"),
            "command": call(*shell, "cat conf.txt"),
            "failure": call(*shell, "cat conf.txt; exit 3"),
            "dotenv": call(*shell, "cat .env nofile"),
            "large": call(read, path, str(project / "big.log")) if read else call(*shell, "cat big.log"),
            "prompt": f"deploy with db_password = \"{secret}\"",
            "mention": "look at @.env please",
        }

    def run(self, case, hooks):
        """Returns whether the secret was sent, whether a placeholder was, how many requests there
        were, and whether a file that was written with a placeholder holds the secret."""
        root = Path(tempfile.mkdtemp(prefix="leaktight-assistants-"))
        project, home, log = root / "project", root / "home", root / "log"
        secret = password()
        write(project / ".env", f"DB_PASSWORD={secret}\nPORT=2\n")
        write(project / "conf.txt", f"db_password = \"{secret}\"\nport = 2\n")
        write(project / "big.log", "nothing\n" * 5000 + f"db_password = \"{secret}\"\n" + "nothing\n" * 2000)
        home.mkdir()
        log.touch()
        node = Path(shutil.which("node") or "/usr/bin/node").parent
        variables = {"HOME": str(home), "PATH": f"/usr/bin:/bin:{node}"}
        variables |= {name: value.replace("@HOME@", str(home)) for name, value in self.variables.items()}
        for name, text in self.settings.items():
            write(home / name, text)
        if hooks:
            subprocess.run([PROGRAM, "install", self.name, *self.scope], cwd=project, env=variables, check=True, capture_output=True)
        filtered = subprocess.run([PROGRAM, "filter"], input=f'db_password = "{secret}"'.encode(), env=variables, check=True, capture_output=True)
        placeholder = filtered.stdout.decode().split('"')[1]
        prompt = self.cases(secret, project, placeholder)[case]
        script = 'ip link set lo up; "$1" "$2" "$3" "$4" & mock=$!; sleep 1; shift 4; timeout 120 "$@" </dev/null >../out 2>../err; kill $mock'
        command = [word.replace("@PROMPT@", prompt) for word in self.command]
        mock = [sys.executable, str(HERE / "mock.py"), str(PORT), str(log)]
        subprocess.run(["unshare", "--net", "bash", "-c", script, "run", *mock, *command], cwd=project, env=variables, check=False)
        sent = log.read_text(errors="replace")
        new = project / "new.yaml"
        restored = new.exists() and secret in new.read_text()
        shutil.rmtree(root)
        return secret in sent, "LEAKTIGHT_" in sent, sent.count("\n"), restored


CLAUDE = [str(MODULES / "@anthropic-ai/claude-code-linux-x64/claude"), "-p", "@PROMPT@", "--allowedTools", "Read,Bash,Grep,Write"]
CODEX = [
    str(MODULES / "@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex"), "exec", "--skip-git-repo-check",
    "--dangerously-bypass-approvals-and-sandbox", "--dangerously-bypass-hook-trust", "@PROMPT@",
]
GEMINI = ["node", str(MODULES / "@google/gemini-cli/bundle/gemini.js"), "-m", "gemini-2.5-flash", "--yolo", "-p", "@PROMPT@"]
COPILOT = [str(MODULES / "@github/copilot-linux-x64/copilot"), "-p", "@PROMPT@", "--allow-all-tools"]

CODEX_CONFIG = f"""model = "gpt-5.5"
model_provider = "mock"
[model_providers.mock]
name = "mock"
base_url = "{URL}/v1"
env_key = "MOCK_KEY"
wire_api = "responses"
[analytics]
enabled = false
"""
GEMINI_CONFIG = json.dumps({
    "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": False}},
    "privacy": {"usageStatisticsEnabled": False},
    "general": {"enableAutoUpdate": False},
})

ASSISTANTS = [
    Assistant("claude-code", ["."], CLAUDE, {
        "ANTHROPIC_BASE_URL": URL, "ANTHROPIC_API_KEY": "mock", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1", "DISABLE_TELEMETRY": "1", "IS_SANDBOX": "1",
    }, {}, (("Bash", "command"), "Read", "file_path"), ("Write", "file_path", "content")),
    Assistant("codex", ["--user"], CODEX, {"CODEX_HOME": "@HOME@", "MOCK_KEY": "mock"}, {"config.toml": CODEX_CONFIG},
        (("exec_command", "cmd"), None, None)),
    Assistant("gemini", ["--user"], GEMINI, {
        "GEMINI_API_KEY": "mock", "GOOGLE_GEMINI_BASE_URL": URL, "GEMINI_CLI_TRUST_WORKSPACE": "true",
    }, {".gemini/settings.json": GEMINI_CONFIG}, (("run_shell_command", "command"), "read_file", "file_path"),
        ("write_file", "file_path", "content")),
    Assistant("copilot", ["--user"], COPILOT, {
        "COPILOT_OFFLINE": "true", "COPILOT_ALLOW_ALL": "true", "COPILOT_PROVIDER_BASE_URL": f"{URL}/v1",
        "COPILOT_PROVIDER_API_KEY": "mock", "COPILOT_MODEL": "mock-model", "COPILOT_AUTO_UPDATE": "false",
    }, {}, (("bash", "command"), "view", "path"), ("create", "path", "file_text")),
]


def main():
    wanted = sys.argv[3:] or [assistant.name for assistant in ASSISTANTS]
    leaks = 0
    for assistant in (one for one in ASSISTANTS if one.name in wanted):
        leaked, *_ = assistant.run("read", hooks=False)
        print(f"{assistant.name:12} control    {'sent' if leaked else 'NOT SENT: this run shows nothing'}", flush=True)
        for case in assistant.cases("", Path()):
            leaked, placeholder, n_requests, restored = assistant.run(case, hooks=True)
            leaks += leaked
            what = "SENT" if leaked else "placeholder sent" if placeholder else "not sent"
            what += ", the file holds the value" if restored else ""
            print(f"{assistant.name:12} {case:10} {what}, {n_requests} requests", flush=True)
    sys.exit(1 if leaks else 0)


main()
