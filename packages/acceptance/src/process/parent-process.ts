/** Reads the role of this process, which its parent passes as one JSON argument. */
export function readRole<R>(): R {
  return JSON.parse(process.argv[2] ?? '{}') as R
}

/** Sends a word to the parent process. */
export function notifyParent(word: string): void {
  process.send?.(word)
}

/** Calls the action named by each word of the parent process, and exits when the parent does. */
export function onParentMessage(actions: Readonly<Record<string, () => void>>): void {
  process.on('message', (word: string) => actions[word]?.())
  process.on('disconnect', () => process.exit())
}
