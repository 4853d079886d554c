import { inspect } from '@antiphon/inspector'
import { readFile } from 'node:fs/promises'
import type { Browser } from 'playwright-core'
import { runInterrupted } from './run-interrupted.js'

/** The colours of the picture where a page does not choose others. */
const style = `<style>
.sequence { color: #1b1f24 }
@media (prefers-color-scheme: dark) { .sequence { color: #e2e8ef } }
</style>`

/** Runs an exchange, and saves the sequence diagram that the page of the inspector, which must be built, draws of it, as SVG. */
export async function drawSequence(browser: Browser): Promise<string> {
  const inspector = await inspect()
  try {
    await runInterrupted(inspector.sink)
    const page = await browser.newPage({ viewport: { width: 1_400, height: 900 } })
    await page.goto(inspector.url)
    await page.getByRole('row').filter({ hasText: 'temperature' }).first().click()
    await page.locator('svg.sequence').waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the diagram' }).click(),
    ])
    const svg = await readFile(await download.path(), 'utf8')
    return `${svg.replaceAll('#1b1f24', 'currentColor').replace('>', `>\n${style}\n`)}\n`
  } finally {
    await inspector.close()
  }
}
