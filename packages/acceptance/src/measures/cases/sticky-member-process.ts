import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A member in a process of its own. */
export interface MemberProcess {
  /** Sends SIGKILL: the broker publishes the will when the connection is gone. */
  readonly kill: () => void
}

/** What the process needs to know. */
export interface MemberRole {
  readonly url: string
  readonly clientId: string
}

/** Starts a member in a process of its own; resolves when it is subscribed. */
export async function startMemberProcess(url: string, clientId: string): Promise<MemberProcess> {
  const file = fileURLToPath(new URL('../processes/sticky-member.ts', import.meta.url))
  const role: MemberRole = { url, clientId }
  const child = fork(file, [JSON.stringify(role)], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  await Promise.race([
    once(child, 'message'),
    exited.then(() => Promise.reject(new Error('cannot start a member of the group: it exited'))),
  ])
  return { kill: () => void child.kill('SIGKILL') }
}
