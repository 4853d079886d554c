import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

/** The folder of the page, as Vite builds it. */
const PAGE = new URL('../../page/dist/', import.meta.url)

/** Serves a file of the page. */
export async function servePage(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  const path = pathname === '/' ? 'index.html' : pathname.slice(1)
  const type = TYPES[extname(path)]
  // Names without dots and slashes but those of the build.
  if (request.method !== 'GET' || type === undefined || !/^(assets\/)?[\w-]+\.\w+$/.test(path)) {
    response.writeHead(404, HEADERS).end()
    return
  }
  try {
    const content = await readFile(new URL(path, PAGE))
    response.writeHead(200, { ...HEADERS, 'content-type': type }).end(content)
  } catch {
    const hint =
      path === 'index.html' ? 'The page is not built: run "vite build page --base ./" in its package.' : ''
    response.writeHead(404, HEADERS).end(hint)
  }
}
