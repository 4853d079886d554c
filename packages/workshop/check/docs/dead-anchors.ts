import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'

/** Decodes the entities that an attribute in HTML may contain. */
const decode = (text: string): string =>
  decodeURIComponent(text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'"))

/** Returns the ids of a page. */
const idsIn = (html: string): ReadonlySet<string> =>
  new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => decode(id)))

/**
 * Returns the links of a built site to headings that do not exist, each as `page: link`. VitePress itself reports links to
 * pages that do not exist.
 *
 * @param folder - The folder of the site.
 * @param base - The path under which the site is served.
 */
export async function deadAnchors(folder: string, base = '/'): Promise<readonly string[]> {
  const names = (await readdir(folder, { recursive: true, encoding: 'utf8' })).filter((name) =>
    name.endsWith('.html'),
  )
  const pages = new Map(
    await Promise.all(
      names.map(async (name) => {
        const html = await readFile(join(folder, name), 'utf8')
        return [name.replaceAll('\\', '/'), { html, ids: idsIn(html) }] as const
      }),
    ),
  )
  const found = new Set<string>()
  for (const [name, { html }] of pages) {
    for (const [, href = ''] of html.matchAll(/<a [^>]*href="([^"]*#[^"]+)"/g)) {
      if (/^[a-z]+:/.test(href)) continue
      const [path = '', anchor = ''] = decode(href).split('#')
      const target = path === '' ? name : pageOf(path, name, base)
      if (anchor !== '' && pages.get(target)?.ids.has(anchor) === false) found.add(`${name}: ${href}`)
    }
  }
  return [...found].sort()

  function pageOf(path: string, from: string, at: string): string {
    const absolute = path.startsWith(at) ? path.slice(at.length) : posix.join(posix.dirname(from), path)
    const options = [absolute, `${absolute}.html`, posix.join(absolute, 'index.html')]
    return options.find((each) => each.endsWith('.html') && existsSync(join(folder, each))) ?? ''
  }
}
