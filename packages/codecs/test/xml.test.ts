import { parseXml, XmlElement } from '@rgrove/parse-xml'
import { right } from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { requireElementDepth } from '../src/xml-depth.js'
import { xmlBoolean, xmlList, xmlNumber, xmlObject, xmlText } from '../src/io-ts.js'
import { xml } from '../src/xml.js'
import { describeLaws, issueOf, runs } from './laws.js'

const utf8 = (document: string) => new TextEncoder().encode(document)
const toText = (payload: Uint8Array) => new TextDecoder().decode(payload)

const anything = xml(t.unknown, { root: 'a' })
const issueIn = (document: string) => issueOf(anything, utf8(document))
/** Encodes `depth` nested objects, with an empty string in the innermost. */
const nested = (depth: number) => utf8(`${'<a>'.repeat(depth + 1)}${'</a>'.repeat(depth + 1)}`)

const text = fc
  .string({ unit: 'binary' })
  .filter((value) => /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u.test(value))
const number = fc.double({ noNaN: true, noDefaultInfinity: true })
const Note = t.type({ '@lang': t.string, '#text': xmlText })
const Reading = t.type({
  '@unit': t.string,
  's:celsius': xmlNumber,
  isValid: xmlBoolean,
  place: t.string,
  tag: xmlList(t.string),
  note: xmlList(Note),
  settings: xmlObject(t.partial({ mode: t.string })),
})
const reading: fc.Arbitrary<t.TypeOf<typeof Reading>> = fc.record({
  '@unit': text,
  's:celsius': number,
  isValid: fc.boolean(),
  place: text,
  tag: fc.array(text, { maxLength: 4 }),
  note: fc.array(fc.record({ '@lang': text, '#text': text }), { maxLength: 4 }),
  settings: fc.record({ mode: text }, { requiredKeys: [] }),
})

describeLaws('xml', xml(Reading, { root: 'reading' }), {
  arbitrary: reading,
  maximumBytes: 1_048_576,
  nesting: { maximumDepth: 100, payload: nested },
})
describeLaws('xml of anything', xml(t.unknown, { root: 'a', maximumBytes: 400_000, maximumDepth: 5 }), {
  arbitrary: fc.oneof(
    text,
    fc.record({ '@b': text, c: text, d: fc.array(text, { minLength: 2, maxLength: 3 }) }),
  ),
  maximumBytes: 400_000,
  nesting: { maximumDepth: 5, payload: nested },
})

describe('xml', () => {
  it('encodes attributes, elements and lists as XML', () => {
    const payload = xml(Reading, { root: 'reading' }).encode({
      '@unit': '"C"\n',
      's:celsius': 22.5,
      isValid: true,
      place: 'a <b> & c\r\n',
      tag: ['x', ''],
      note: [{ '@lang': 'de', '#text': '' }],
      settings: {},
    })
    expect(toText(payload)).toBe(
      '<reading unit="&quot;C&quot;&#10;"><s:celsius>22.5</s:celsius><isValid>true</isValid>' +
        '<place>a &lt;b&gt; &amp; c&#13;\n</place><tag>x</tag><tag></tag><note lang="de"></note><settings></settings></reading>',
    )
  })

  it.each<[string, unknown]>([
    ['<a/>', ''],
    ['<a>  </a>', '  '],
    ['<a>x<!-- y --><![CDATA[<z>]]></a>', 'x<z>'],
    ['<a>&lt;&#65;&#x42;&quot;&apos;&amp;&gt;</a>', '<AB"\'&>'],
    ['<a>1\r\n2\r3</a>', '1\n2\n3'],
    ['<a b="1">x</a>', { '@b': '1', '#text': 'x' }],
    ['<a b="1"/>', { '@b': '1' }],
    ['<a b="1\n2&#10;3"/>', { '@b': '1 2\n3' }],
    ['<a> <b>1</b> <c/> <b>2</b> </a>', { b: ['1', '2'], c: '' }],
    ['<?xml version="1.0" encoding="UTF-8"?><!-- c --><?pi ?><a>x</a>\n', 'x'],
    ['\u{feff}<a>x</a>', 'x'],
    ['<a xmlns="urn:x" xmlns:s="urn:y"><s:b/></a>', { '@xmlns': 'urn:x', '@xmlns:s': 'urn:y', 's:b': '' }],
    [
      '<a><hasOwnProperty>1</hasOwnProperty><constructor>2</constructor></a>',
      { hasOwnProperty: '1', constructor: '2' },
    ],
  ])('decodes the XML document %j', (document, value) => {
    expect(anything.decode(utf8(document))).toEqual(right(value))
  })

  it('reports the path of an XML decode error', () => {
    const codec = xml(t.type({ b: xmlList(t.type({ c: xmlNumber })) }), { root: 'a' })
    expect(issueOf(codec, utf8('<a><b><c>1</c></b><b><c>x</c></b></a>'))).toBe(
      '$.b[1].c: expected number, found "x"',
    )
  })

  it.each([
    ['a doctype', '<!DOCTYPE a><a/>'],
    ['an internal entity', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ['an external entity', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
    ['a parameter entity', '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1/"> %b;]><a/>'],
    ['a billion laughs', `<!DOCTYPE a [<!ENTITY b "lol">${'<!ENTITY c "&b;&b;">'.repeat(9)}]><a>&c;</a>`],
    ['a doctype in lower case', '<!doctype a><a/>'],
    ['a doctype after a comment', '<!-- x --><?p?><!DOCTYPE a><a/>'],
    ['a declaration inside', '<a><!ENTITY b "c"></a>'],
  ])('rejects an XML document with %s', (_, document) => {
    expect(issueIn(document)).toBe(
      'the document contains a declaration that begins with <!: document types and entities are not supported',
    )
  })

  it('decodes a doctype in a comment or CDATA section as text', () => {
    expect(anything.decode(utf8('<a><!--<!DOCTYPE a>--><![CDATA[<!DOCTYPE a>]]></a>'))).toEqual(
      right('<!DOCTYPE a>'),
    )
  })

  it.each([
    ['', /missing/],
    ['x', /missing/],
    ['<b/>', /^the root element is b: expected a$/],
    ['<a>', /Missing end tag/],
    ['<a></b>', /Missing end tag/],
    ['<a/><a/>', /Extra content/],
    ['<a b="1" b="2"/>', /Duplicate attribute/],
    ['<a b=1/>', /Attribute value/],
    ['<a b="<"/>', /Unescaped/],
    ['<a>&b;</a>', /Named entity isn't defined/],
    ['<a>&#0;</a>', /invalid character/],
    ['<a>\u0001</a>', /Invalid character/],
    ['<a>]]></a>', /end tag|]]>/],
    ['<a>x<b/></a>', /^the element a mixes text and elements: only one of them is supported$/],
    ['<?xml version="1.0" encoding="ISO-8859-1"?><a/>', /^the document declares the encoding ISO-8859-1/],
    ['<a><__proto__>1</__proto__></a>', /^\$\.__proto__: this key could reach a prototype/],
    ['<a><constructor><prototype/></constructor></a>', /^\$\.constructor: this key could reach a prototype/],
  ])('rejects the XML document %j', (document, reason) => {
    expect(issueIn(document)).toMatch(reason)
  })

  it('decodes an attribute named __proto__ to a harmless key', () => {
    expect(anything.decode(utf8('<a __proto__="1"/>'))).toEqual(right({ '@__proto__': '1' }))
  })

  it('rejects XML that is not UTF-8', () => {
    expect(issueOf(anything, Uint8Array.of(0x3c, 0x61, 0x3e, 0xff))).toBe('not UTF-8')
  })

  it('decodes XML with 200 000 line ends', () => {
    const payload = utf8(`<a>${'\r\n'.repeat(200_000)}</a>`)
    expect(anything.decode(payload)).toEqual(right('\n'.repeat(200_000)))
  })

  it.each([
    [7, '$: 7 is not a string'],
    [{ b: null }, '$.b: null is not a string'],
    [{ b: [true] }, '$.b[0]: true is not a string'],
    [{ '@b': {} }, '$.@b: an object is not a string'],
    [{ '#text': 1 }, '$["#text"]: 1 is not a string'],
    [['x'], '$: an array must be a property of an object'],
    [{ b: [['x']] }, '$.b[0]: an array must be a property of an object'],
    [{ '#text': 'x', b: 'y' }, '$: #text and elements exclude each other'],
    [{ 'b c': 'x' }, '$.b c: "b c" is not a valid element name'],
    [{ '@': 'x' }, '$.@: "" is not a valid attribute name'],
    [{ '1b': 'x' }, '$.1b: "1b" is not a valid element name'],
    ['\u0001', '$: "\\u0001" cannot be represented in application/xml'],
    [{ b: '\ud800' }, '$.b: "\\ud800" cannot be represented'],
    [{ b: new Date(0) }, '$.b: a Date cannot be represented'],
  ])('rejects %j when encoding XML', (value, reason) => {
    expect(() => anything.encode(value)).toThrow(reason)
  })

  it('rejects an invalid root name or maximumDepth when the XML codec is created', () => {
    expect(() => xml(t.string, { root: 'a b' })).toThrow('"a b" is not a valid element name')
    expect(() => xml(t.string, { root: 'a', maximumDepth: 0 })).toThrow('maximumDepth is 0')
  })

  it.each([
    ['options.root is missing', {}],
    ['options.root is 5: it must be a string', { root: 5 }],
    ['options.rot is not known: did you mean root?', { rot: 'a' }],
    ['options.maximumByte is not known: did you mean maximumBytes?', { root: 'a', maximumByte: 5 }],
  ])('rejects XML options: %s', (fault, options) => {
    expect(() => xml(t.string, options as never)).toThrow(fault)
  })

  it('accepts XML content types', () => {
    expect(
      ['application/xml', 'text/xml; charset=utf-8', 'image/svg+xml', undefined].every(anything.accepts),
    ).toBe(true)
    expect(['application/json', 'text/xml; charset=latin1'].some(anything.accepts)).toBe(false)
  })
})

describe('requireElementDepth', () => {
  const pieces = [
    '<a>',
    '</a>',
    '<a/>',
    '<a b=">">',
    "<a b='/>'>",
    '<a b="/"/>',
    '<a b="\'" />',
    '<a\n>',
    '</a >',
  ]
  const nonElements = [
    '<!--<a>-->',
    '<![CDATA[<a>]]>',
    '<?p <a>?>',
    '<!--"-->',
    'x',
    '"',
    '>',
    ']]',
    "<a b='\"'>",
    '<![CDATA[</a>]]>',
  ]
  const documents = fc
    .array(fc.constantFrom(...pieces, ...nonElements), { maxLength: 24 })
    .map(
      (parts) =>
        `<a>${parts.join('')}${'</a>'.repeat(parts.filter((part) => /^<a[^/]*>$|^<a b=['"].*[^/]>$/.test(part)).length)}`,
    )

  const depthOf = (element: XmlElement): number =>
    1 + Math.max(0, ...element.children.map((child) => (child instanceof XmlElement ? depthOf(child) : 0)))

  it('measures the same element depth as the XML parser', () => {
    let parsed = 0
    fc.assert(
      fc.property(documents, fc.nat(3), (document, missing) => {
        const closed = document + '</a>'.repeat(missing)
        let root: XmlElement | null
        try {
          root = parseXml(closed).root
        } catch {
          return
        }
        if (root === null) return
        parsed += 1
        const depth = depthOf(root)
        expect(() => requireElementDepth(closed, depth)).not.toThrow()
        expect(() => requireElementDepth(closed, depth - 1)).toThrow(`nested deeper than ${depth - 1}`)
      }),
      { ...runs, numRuns: Math.max(runs.numRuns, 2_000) },
    )
    expect(parsed).toBeGreaterThan(50)
  })
})
