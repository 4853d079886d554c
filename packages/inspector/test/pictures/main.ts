// Draws the pictures of the inspector in the docs, and that of the home page: node --import tsx packages/inspector/test/pictures/main.ts
import { inspect, type Inspector } from '@antiphon/inspector'
import { foreignCommand } from '@antiphon/workshop'
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { buildPage } from '../build-page.js'
import { runExchanges } from '../exchanges.js'
import { drawSequence } from './draw-sequence.js'

const folder = new URL('../../../../docs/guide/images/', import.meta.url)

await buildPage()
const events: Parameters<Inspector['sink']>[0][] = []
const exchanges = await runExchanges((event) => events.push(event))
const inspector = await inspect({ link: exchanges.requester })
for (const event of events) inspector.sink(event)
const browser = await chromium.launch({
  executablePath: foreignCommand('chromium') ?? '',
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
})
try {
  await draw('inspector-light', 'light', (page) => select(page, 'slow'))
  await draw('inspector-dark', 'dark', (page) => select(page, 'numbers'))
  await draw('inspector-time-lines', 'light', async (page) => {
    await page.getByRole('tab', { name: 'Time lines' }).click()
    await page.locator('.marble.bad').first().click()
  })
  await writeFile(new URL('sequence.svg', folder), await drawSequence(browser))
  console.log('sequence.svg')
} finally {
  await browser.close()
  await inspector.close()
  await exchanges.close()
}

async function draw(
  name: string,
  colorScheme: 'light' | 'dark',
  prepare: (page: Page) => Promise<void>,
): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1_400, height: 800 }, colorScheme })
  await page.goto(inspector.url)
  await page.getByText('silent').first().waitFor()
  await prepare(page)
  await page.getByText('Sequence', { exact: true }).waitFor()
  await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, folder)) })
  await page.close()
  console.log(`${name}.png`)
}

async function select(page: Page, name: string): Promise<void> {
  await page.getByRole('row').filter({ hasText: name }).first().click()
}
