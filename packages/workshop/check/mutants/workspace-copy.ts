import { cp, mkdir, rm, symlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { inCache, inRoot } from '../workspace.js'

/** The folder of the copy. The paths in Stryker's report start here, so they equal paths of the repository. */
export const workspaceCopy: string = inCache('mutants', 'workspace')

const copied = ['package.json', 'pnpm-workspace.yaml', 'tsconfig.base.json', '.config', 'packages']
const leftOut = new Set(['dist', '.cache'])

/**
 * Copies the workspace, so that mutants are written into the copy: an interrupted run does not change the sources, and they
 * may be edited during a run. The links between packages are relative, so they lead to the copies.
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
