"use strict";
// Conversations with a model that was tuned to answer.

const chat = { messages: [], abort: null, editing: -1 };

function conversation() {
  const system = $("system").value;
  return [...(system ? [{ role: "system", content: system }] : []), ...chat.messages];
}

const chatBody = () => ({ model: $("model").value, messages: conversation(), ...settings("chat") });

function drawChat() {
  $("messages").replaceChildren(...chat.messages.map((message, number) => {
    const name = message.role === "user" ? "You" : "Model";
    if (number === chat.editing) return editor(message, number, name);
    const edit = make("button", {
      type: "button", ariaLabel: `Edit message ${number + 1}`, disabled: chat.abort !== null,
    }, "Edit");
    edit.addEventListener("click", () => {
      chat.editing = number;
      drawChat();
      $("messages").querySelector("textarea").focus();
    });
    return make("li", { className: message.role },
      make("div", { className: "bar" }, make("span", { className: "role" }, name), edit),
      make("div", { className: "text" }, inert(message.content)));
  }));
  const isBusy = chat.abort !== null;
  $("chat-go").disabled = isBusy;
  $("chat-stop").disabled = !isBusy;
  $("chat-retry").disabled = isBusy || chat.messages.length === 0;
}

function editor(message, number, name) {
  const field = make("textarea", { rows: 4, value: message.content, ariaLabel: "Message" });
  const buttons = [["Save", () => { message.content = field.value; }]];
  if (message.role === "user") {
    buttons.push(["Save and answer", () => {
      message.content = field.value;
      chat.messages.length = number + 1;
      answer();
    }]);
  }
  buttons.push(["Cancel", () => {}]);
  return make("li", { className: `${message.role} editing` },
    make("span", { className: "role" }, name), field,
    make("div", { className: "row" }, ...buttons.map(([label, work]) => {
      const button = make("button", { type: "button" }, label);
      button.addEventListener("click", () => {
        chat.editing = -1;
        work();
        drawChat();
        $("messages").children[number]?.querySelector("button")?.focus();
      });
      return button;
    })));
}

async function answer() {
  chat.abort?.abort();
  const abort = chat.abort = new AbortController();
  chat.editing = -1;
  $("problem").replaceChildren();
  const meter = new Meter();
  let ending = "stopped";
  let message = null;
  $("chat-status").textContent = "Waiting for the first token …";
  drawChat();
  try {
    for await (const event of events("/v1/chat/completions", chatBody(), abort.signal)) {
      const choice = event.choices?.[0];
      if (event.usage) meter.take(event);
      if (!choice) continue;
      if (choice.delta?.content) {
        if (!message) {
          message = { role: "assistant", content: "" };
          chat.messages.push(message);
          drawChat();
        }
        message.content += choice.delta.content;
        const text = $("messages").lastElementChild.querySelector(".text");
        text.textContent = inert(message.content);
        text.classList.add("writing");
        meter.add(1);
        $("chat-status").textContent = meter.text();
      }
      if (choice.finish_reason) ending = ENDINGS[choice.finish_reason] ?? choice.finish_reason;
    }
  } catch (error) {
    if (error.name !== "AbortError") ending = "failed";
    tell(error);
  }
  if (chat.abort !== abort) return;
  chat.abort = null;
  drawChat();
  $("chat-status").textContent = meter.text(ending);
  if (message) announce(`The model says: ${oneLine(message.content)}`);
}

$("chat-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const content = $("message").value;
  if (!content.trim() || chat.abort) return;
  chat.messages.push({ role: "user", content });
  $("message").value = "";
  answer();
});
$("message").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("chat-form").requestSubmit();
});
$("chat-stop").addEventListener("click", () => chat.abort?.abort());
$("chat-retry").addEventListener("click", () => {
  if (chat.messages.at(-1)?.role === "assistant") chat.messages.pop();
  if (chat.messages.length) answer();
  else drawChat();
});
$("chat-clear").addEventListener("click", () => {
  chat.abort?.abort();
  Object.assign(chat, { messages: [], abort: null, editing: -1 });
  $("chat-status").textContent = "";
  drawChat();
  $("message").focus();
});
$("chat-save").addEventListener("click", () => {
  const line = JSON.stringify({ messages: conversation() }) + "\n";
  const address = URL.createObjectURL(new Blob([line], { type: "application/jsonl" }));
  make("a", { href: address, download: "conversation.jsonl" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
});
$("chat-file").addEventListener("focus", () => $("chat-load").classList.add("focused"));
$("chat-file").addEventListener("blur", () => $("chat-load").classList.remove("focused"));
$("chat-file").addEventListener("change", async () => {
  const [file] = $("chat-file").files;
  $("chat-file").value = "";
  if (!file) return;
  try {
    load(await file.text());
    $("problem").replaceChildren();
  } catch (error) { tell(new ServerError(`${oneLine(file.name)} was not loaded: ${error.message}`)); }
});

/** Takes the first conversation of JSON lines, or lines of one message each. */
function load(text) {
  const values = text.split("\n").filter((line) => line.trim()).map((line) => JSON.parse(line));
  const found = Array.isArray(values[0]?.messages) ? values[0].messages : values;
  for (const { role, content } of found) {
    if (!["system", "user", "assistant"].includes(role) || typeof content !== "string") {
      throw new Error("a message has a role (system, user or assistant) and a content");
    }
  }
  if (!found.length) throw new Error("it has no message");
  chat.abort?.abort();
  $("system").value = found[0].role === "system" ? found[0].content : "";
  const messages = found.filter(({ role }) => role !== "system")
    .map(({ role, content }) => ({ role, content }));
  Object.assign(chat, { messages, abort: null, editing: -1 });
  drawChat();
  $("chat-status").textContent = messages.length === 1 ? "1 message" : `${messages.length} messages`;
}
$("chat-curl").addEventListener("click", () => {
  try { showCurl("chat", "/v1/chat/completions", chatBody()); } catch (error) { tell(error); }
});
