import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** Builds the page as `prepack` does. */
export async function buildPage(): Promise<void> {
  await build({
    root: fileURLToPath(new URL('../page/', import.meta.url)),
    base: './',
    logLevel: 'error',
  })
}
