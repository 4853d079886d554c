/** Returns a command of the shell that runs code in Node, which is the only program that every machine has. */
export function nodeCommand(code: string): string {
  return `'${process.execPath}' -e '${code}'`
}

/** A command that does not end by itself. */
export const endlessCommand: string = nodeCommand('setInterval(() => undefined, 1000)')

/** Returns a command that prints its input as the expression `text` says. */
export function filterCommand(expression: string): string {
  return nodeCommand(
    `let text = ""; process.stdin.on("data", (part) => (text += part)).on("end", () => process.stdout.write(${expression}))`,
  )
}
