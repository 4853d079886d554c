/** Returns a diagram of the page as a file, with the colours of paper, so that it does not depend on the page. */
export function svgText(selector: string): string {
  const svg = document.querySelector(selector)
  return svg === null ? '' : new XMLSerializer().serializeToString(svg).replaceAll('currentColor', '#1b1f24')
}
