import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Whether this machine can set the limits of other processes. */
export function canLimitDescriptors(): boolean {
  return process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0
}

/** Stops a process from opening further files or sockets; returns a function that restores its limit. */
export function exhaustDescriptors(pid: number): () => void {
  const before = softLimit(pid)
  const open = readdirSync(`/proc/${pid}/fd`).map(Number)
  setSoftLimit(pid, String(Math.max(...open) + 1))
  return () => setSoftLimit(pid, before)
}

function softLimit(pid: number): string {
  const found = /Max open files +(\S+)/.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1]
  if (found === undefined) throw new Error(`/proc/${pid}/limits has no line "Max open files"`)
  return found
}

function setSoftLimit(pid: number, value: string): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--nofile=${value}:`], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`cannot set the descriptor limit of process ${pid}: ${stderr}`)
}
