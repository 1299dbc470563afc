#!/usr/bin/env python3
"""Stands for the providers of models, on the loopback only.

Speaks Anthropic Messages, OpenAI Responses and Chat Completions, and Gemini, all
as streams. The "model" calls the tools that lines `TOOL <name> <json>` of the
prompt name, one after the other, and then says that it is done. Every request
body is appended to the file that is the second argument; the first is the port.
"""

import gzip
import http.server
import json
import re
import sys

PORT, LOG = int(sys.argv[1]), open(sys.argv[2], "ab", buffering=0)


def calls(text):
    """The tools that a prompt asks for."""
    found = re.findall(r"^\s*TOOL (\S+) (\{.*\})\s*$", text, re.M)
    return [(name, json.loads(arguments)) for name, arguments in found]


def strings(value):
    """All strings below a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def next_call(prompts, n_done):
    wanted = calls("\n".join(strings(prompts)))
    return wanted[n_done] if n_done < len(wanted) else None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def plain(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, events, named=True):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for event in events:
            if isinstance(event, dict) and named:
                self.wfile.write(f"event: {event['type']}\n".encode())
            data = event if isinstance(event, str) else json.dumps(event)
            self.wfile.write(f"data: {data}\n\n".encode())
        self.wfile.flush()
        self.close_connection = True

    def do_HEAD(self):
        self.plain({})

    def do_GET(self):
        self.plain({"object": "list", "data": [{"id": "mock-model", "object": "model"}], "models": []})

    def body(self):
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            raw = b""
            while size := int(self.rfile.readline().strip(), 16):
                raw += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        return gzip.decompress(raw) if self.headers.get("content-encoding") == "gzip" else raw

    def do_POST(self):
        raw = self.body()
        path = self.path.split("?")[0]
        LOG.write(path.encode() + b" " + raw + b"\n")
        try:
            body = json.loads(raw)
        except ValueError:
            return self.plain({})
        if path.endswith("/count_tokens"):
            return self.plain({"input_tokens": 100})
        if path.endswith("/messages"):
            return self.stream(anthropic(body))
        if path.endswith("/responses"):
            return self.stream(responses(body))
        if path.endswith("/chat/completions"):
            return self.stream(chat(body), named=False)
        if "enerateContent" in path:
            return self.stream(gemini(body), named=False) if "stream" in path else self.plain(gemini(body)[0])
        return self.plain({})


def anthropic(body):
    blocks = [block for message in body["messages"] for block in message["content"] if isinstance(block, dict)]
    n_done = sum(block.get("type") == "tool_result" for block in blocks)
    prompts = [message["content"] for message in body["messages"] if message["role"] == "user"]
    prompts = [block for block in prompts if isinstance(block, str)] + [b for b in blocks if b.get("type") == "text"]
    call = next_call(prompts, n_done) if body.get("tools") else None
    usage = {"input_tokens": 10, "output_tokens": 5}
    message = {"id": f"msg_{n_done}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
    yield {"type": "message_start", "message": {**message, "stop_reason": None, "usage": usage}}
    if call:
        block = {"type": "tool_use", "id": f"toolu_{n_done}", "name": call[0], "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(call[1])}
    else:
        block, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": "All done."}
    yield {"type": "content_block_start", "index": 0, "content_block": block}
    yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    reason = "tool_use" if call else "end_turn"
    yield {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage}
    yield {"type": "message_stop"}


def responses(body):
    items = body["input"] if isinstance(body["input"], list) else [body["input"]]
    n_done = sum(isinstance(item, dict) and item.get("type", "").endswith("_output") for item in items)
    prompts = [item for item in items if isinstance(item, str) or item.get("role") == "user"]
    call = next_call(prompts, n_done)
    if call:
        item = {"type": "function_call", "id": f"fc_{n_done}", "call_id": f"call_{n_done}", "name": call[0], "arguments": json.dumps(call[1])}
    else:
        text = {"type": "output_text", "text": "All done.", "annotations": []}
        item = {"type": "message", "id": "msg_0", "role": "assistant", "content": [text]}
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15, "input_tokens_details": None, "output_tokens_details": None}
    yield {"type": "response.created", "response": {"id": f"resp_{n_done}"}}
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield {"type": "response.completed", "response": {"id": f"resp_{n_done}", "output": [item], "usage": usage}}


def chat(body):
    n_done = sum(message["role"] == "tool" for message in body["messages"])
    call = next_call([message["content"] for message in body["messages"] if message["role"] == "user"], n_done)
    chunk = {"id": f"chat_{n_done}", "object": "chat.completion.chunk", "created": 1, "model": "mock-model"}
    if call:
        function = {"name": call[0], "arguments": json.dumps(call[1])}
        delta = {"role": "assistant", "tool_calls": [{"index": 0, "id": f"call_{n_done}", "type": "function", "function": function}]}
    else:
        delta = {"role": "assistant", "content": "All done."}
    yield {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    yield {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls" if call else "stop"}], "usage": usage}
    yield "[DONE]"


def gemini(body):
    parts = [part for content in body["contents"] for part in content.get("parts", [])]
    n_done = sum("functionResponse" in part for part in parts)
    call = next_call([part for part in parts if "text" in part], n_done)
    part = {"functionCall": {"name": call[0], "args": call[1]}} if call else {"text": "All done."}
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
    return [{"candidates": [candidate], "usageMetadata": {"promptTokenCount": 10, "totalTokenCount": 15}}]


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
