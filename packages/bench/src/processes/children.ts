const children = new Set<() => void>()

process.once('exit', () => {
  for (const kill of children) kill()
})

/** Kills a child process when this process exits; returns a function that removes the hook. */
export function killOnExit(kill: () => void): () => void {
  children.add(kill)
  return () => void children.delete(kill)
}
