import { lstat, unlink } from 'node:fs/promises'
import { connect, type Server } from 'node:net'

/** Listens on a Unix socket. Replaces the socket of a process that has died without removing it. */
export async function listenOnUnixSocket(server: Server, path: string): Promise<void> {
  try {
    await listenOnce(server, path)
  } catch (error) {
    if (!(await isAbandoned(path, error))) throw error
    await unlink(path)
    await listenOnce(server, path)
  }
}

function listenOnce(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Whether a path is in use by a socket on which no process listens. */
async function isAbandoned(path: string, error: unknown): Promise<boolean> {
  if (codeOf(error) !== 'EADDRINUSE') return false
  // Connecting to a file that is no socket fails as connecting to an abandoned socket does.
  if (!(await lstat(path)).isSocket()) return false
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (failure) => resolve(codeOf(failure) === 'ECONNREFUSED'))
  })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
