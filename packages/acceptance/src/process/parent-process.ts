/** Reads the role of this process, which its parent passes as one JSON argument. */
export function readRole<R>(): R {
  return JSON.parse(process.argv[2] ?? '{}') as R
}

/** Sends a message to the parent process. */
export function notifyParent(message: string): void {
  process.send?.(message)
}

/** Calls the action that each message of the parent process names, and exits when the parent does. */
export function onParentMessage(actions: Readonly<Record<string, () => void>>): void {
  process.on('message', (message: string) => actions[message]?.())
  process.on('disconnect', () => process.exit())
}
