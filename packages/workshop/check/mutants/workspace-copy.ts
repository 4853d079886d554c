import { cp, mkdir, rm, symlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { inCache, inRoot } from '../workspace.js'

/** Where the copy is. Stryker's report paths start here, so they read like paths of the repository. */
export const workspaceCopy: string = inCache('mutants', 'workspace')

const copied = ['package.json', 'pnpm-workspace.yaml', 'tsconfig.base.json', '.config', 'packages']
const leftOut = new Set(['dist', '.cache'])

/**
 * Copies the workspace, so that mutants are written into the copy: a run that is interrupted leaves the sources as they
 * are, and they may be edited meanwhile. The links between packages are relative and therefore lead to the copies.
 */
export async function copyWorkspace(target: string = workspaceCopy): Promise<void> {
  await rm(target, { recursive: true, force: true })
  await mkdir(target, { recursive: true })
  for (const name of copied) {
    await cp(inRoot(name), `${target}/${name}`, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => !leftOut.has(basename(source)),
    })
  }
  await symlink(inRoot('node_modules'), `${target}/node_modules`, 'junction')
}

/** Removes the copy. */
export async function removeWorkspaceCopy(): Promise<void> {
  await rm(workspaceCopy, { recursive: true, force: true })
}
