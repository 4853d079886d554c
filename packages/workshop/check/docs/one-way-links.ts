import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const guide = /^(?:guide|cookbook|migrate)\//

/**
 * Returns the links of the guide in a built site to exports whose page does not link back to the guide, each as `page: link`.
 *
 * @param folder - The folder of the site.
 * @param base - The path under which the site is served.
 */
export async function oneWayLinks(folder: string, base = '/'): Promise<readonly string[]> {
  const names = (await readdir(folder, { recursive: true, encoding: 'utf8' }))
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => guide.test(name) && name.endsWith('.html'))
  const found = new Set<string>()
  for (const name of names) {
    for (const target of linksIn(await readFile(join(folder, name), 'utf8'), base)) {
      if (!/^reference\/.+\/[^/]+$/.test(target)) continue
      const page = await readFile(join(folder, `${target}.html`), 'utf8')
      const content = page.slice(page.indexOf('<main'))
      if (!linksIn(content, base).some((link) => guide.test(link))) found.add(`${name}: ${target}`)
    }
  }
  return [...found].sort()
}

/** Returns the paths of the site that a page links to. */
function linksIn(html: string, base: string): readonly string[] {
  return [...html.matchAll(/<a [^>]*href="([^"#]+)/g)]
    .map(([, href = '']) => decodeURIComponent(href))
    .filter((href) => href.startsWith(base))
    .map((href) => href.slice(base.length))
}
