import { spawnSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A small disk that can be filled completely. */
export interface Disk {
  readonly fill: () => void
  readonly free: () => void
  readonly unmount: () => void
}

const block = Buffer.alloc(4_096)

/** Whether this process may mount a disk. */
export function canMount(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0
}

/** Mounts a disk in memory at a folder. */
export function mountDisk(folder: string, megabytes: number): Disk {
  run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder)
  const filler = join(folder, 'filler')
  const unmount = (): void => run('umount', '--lazy', folder)
  return {
    fill: () => {
      const descriptor = openSync(filler, 'a')
      try {
        for (;;) writeSync(descriptor, block)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      } finally {
        closeSync(descriptor)
      }
    },
    free: () => rmSync(filler, { force: true }),
    unmount,
  }
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`cannot run ${command} ${args.join(' ')}: ${stderr}`)
}
