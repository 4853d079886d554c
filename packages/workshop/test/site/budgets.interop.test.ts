import { expect, it } from 'vitest'
import { describeSite } from './describe-site.js'

/** What a page may need before a search: compressed bytes with everything that it loads, and of these its scripts. */
const maximumWeight = 200_000
const maximumScripts = 120_000
const maximumRequests = 40
/** A page of more elements takes long to lay out and to hydrate. */
const maximumElements = 5_000

/** One page of each kind, and the longest of its kind. */
const pages = [
  '/',
  '/guide/',
  '/guide/getting-started',
  '/guide/send-requests',
  '/guide/troubleshooting',
  '/guide/command-line',
  '/guide/capacity',
  '/cookbook/',
  '/cookbook/circuit-breaker',
  '/migrate/from-mqtt-js',
  '/SECURITY',
  '/reference/',
  '/reference/@antiphon/core/',
  '/reference/@antiphon/core/interfaces/ExchangeOptions',
  '/architecture',
  '/capabilities',
  '/decisions/',
]

/** What the browser saw while a page was loaded. */
interface Seen {
  /** The sum of the layout shifts, as of Cumulative Layout Shift. */
  readonly shift: number
  /** The element of the Largest Contentful Paint: its text, or the address of its image. */
  readonly largest: string
}

/** Runs in the page before its scripts. */
function observe(): void {
  const seen = { shift: 0, largest: '' }
  Object.assign(globalThis, { seen })
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[])
      seen.shift += entry.value
  }).observe({ type: 'layout-shift', buffered: true })
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { url: string; element: Element | null })[])
      seen.largest = entry.url.replace(location.origin, '') || (entry.element?.textContent ?? '')
  }).observe({ type: 'largest-contentful-paint', buffered: true })
}

const wordsOf = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

describeSite('the budgets of the site', ({ blank, urlOf }) => {
  it.each(pages)('keeps the budgets of a page: %s', async (path) => {
    const page = await blank()
    const loads: Promise<{ readonly url: string; readonly size: number; readonly kind: string }>[] = []
    page.on('response', (response) => {
      const request = response.request()
      loads.push(
        response
          .finished()
          .then(() => request.sizes())
          .then(({ responseBodySize: size }) => ({ url: request.url(), size, kind: request.resourceType() })),
      )
    })
    await page.addInitScript(observe)
    const response = await page.goto(urlOf(path), { waitUntil: 'networkidle' })
    // The browser reports it some time after it has painted.
    await page.waitForFunction(() => (globalThis as unknown as { readonly seen: Seen }).seen.largest !== '')
    const loaded = await Promise.all(loads)
    const bytesOf = (kind?: string) =>
      loaded
        .filter((load) => kind === undefined || load.kind === kind)
        .reduce((sum, { size }) => sum + size, 0)

    expect(bytesOf()).toBeGreaterThan(0)
    expect(bytesOf()).toBeLessThan(maximumWeight)
    expect(bytesOf('script')).toBeLessThan(maximumScripts)
    expect(loaded.length).toBeLessThan(maximumRequests)
    // Nothing comes from a third party.
    expect(loaded.map(({ url }) => new URL(url).origin)).toEqual(loaded.map(() => new URL(urlOf('/')).origin))

    const { blocking, awaited, elements, unsized, seen } = await page.evaluate(() => ({
      blocking: [...document.querySelectorAll('head script[src]:not([type=module], [async], [defer])')]
        .length,
      awaited: [...document.querySelectorAll('head link[rel=expect][blocking=render]')].map((link) =>
        document.querySelector(link.getAttribute('href') ?? '')?.contains(document.querySelector('h1')),
      ),
      elements: document.querySelectorAll('*').length,
      unsized: [...document.querySelectorAll('.vp-doc img:not([width][height])')].map(
        ({ outerHTML }) => outerHTML,
      ),
      seen: (globalThis as unknown as { readonly seen: Seen }).seen,
    }))
    expect(blocking).toBe(0)
    // No half of a page is painted, however slowly it arrives.
    expect(awaited).toEqual([true])
    expect(elements).toBeLessThan(maximumElements)
    expect(unsized).toEqual([])
    // Rounding and the scroll bar may move a pixel; what a reader sees does not move.
    expect(seen.shift).toBeLessThan(0.01)
    // The largest element stands in the document, so that no script delays it.
    const html = (await response?.text()) ?? ''
    const text = wordsOf(decode(html.replaceAll(/<[^>]+>/g, '')))
    expect(/^(?:\/|data:)/.test(seen.largest) ? html : text).toContain(wordsOf(seen.largest).slice(0, 40))
    await page.close()
  })
})

/** Decodes the entities that the texts of pages contain. */
function decode(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}
