/** Builds the three pages with Vite, and serves them. */
import vue from '@vitejs/plugin-vue'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, preview, type InlineConfig } from 'vite'

/** The folders of the pages. */
export const frameworks: readonly string[] = ['react', 'vue', 'angular']

/** The served pages. */
export interface Pages {
  readonly url: string
  readonly close: () => Promise<void>
}

/** Builds the pages for a broker and serves them on this machine until they are closed. */
export async function servePages(brokerUrl: string, port: number): Promise<Pages> {
  const root = fileURLToPath(new URL('.', import.meta.url))
  const outDir = await mkdtemp(join(tmpdir(), 'antiphon-frameworks-'))
  const config: InlineConfig = {
    configFile: false,
    root,
    appType: 'mpa',
    logLevel: 'warn',
    plugins: [vue()],
    define: { 'import.meta.env.VITE_BROKER_URL': JSON.stringify(brokerUrl) },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      // The compiler of Angular, which only a page built without Angular's own tools contains.
      chunkSizeWarningLimit: 1_500,
      rolldownOptions: { input: frameworks.map((name) => join(root, name, 'index.html')) },
    },
  }
  await build(config)
  const server = await preview({ ...config, preview: { host: '127.0.0.1', port } })
  return {
    url: server.resolvedUrls?.local[0] ?? '',
    close: async () => {
      await server.close()
      await rm(outDir, { recursive: true, force: true })
    },
  }
}
