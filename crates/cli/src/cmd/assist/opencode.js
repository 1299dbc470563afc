// Asks leaktight before anything goes to the model. `leaktight uninstall opencode` removes it.
import { spawnSync } from "node:child_process"

const PROGRAM = @PROGRAM@

// Returns what leaktight answers. Whatever fails is a refusal.
function ask(event, rest) {
  const input = JSON.stringify({ hook_event_name: event, ...rest })
  const run = spawnSync(PROGRAM, ["hook", "opencode"], { input, encoding: "utf8", timeout: 5000, maxBuffer: 64 << 20 })
  try {
    return JSON.parse(run.stdout)
  } catch {
    return { deny: "leaktight gave no answer, so this is refused" }
  }
}

export const Leaktight = async ({ directory }) => ({
  "chat.message": async (_, output) => {
    for (const part of output.parts ?? []) {
      if (part.type !== "text" || !part.text) continue
      const answer = ask("chat.message", { cwd: directory, content: part.text })
      if (answer.deny) throw new Error(answer.deny)
      if (answer.replace !== undefined) part.text = answer.replace
    }
  },
  "tool.execute.before": async (input, output) => {
    const answer = ask("tool.execute.before", { cwd: directory, tool_name: input.tool, tool_input: output.args ?? {} })
    if (answer.deny) throw new Error(answer.deny)
    if (answer.replace !== undefined) output.args = answer.replace
  },
  "tool.execute.after": async (input, output) => {
    const answer = ask("tool.execute.after", { cwd: directory, tool_name: input.tool, tool_input: input.args ?? {}, content: output.output ?? "" })
    if (answer.deny) output.output = answer.deny
    if (answer.replace !== undefined) output.output = answer.replace
  },
})
