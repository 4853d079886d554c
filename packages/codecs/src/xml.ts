import { acceptsMediaTypes, fromType, fromUtf8, toUtf8, typedCodecOptionRules } from '@antiphon/core/codec'
import { invalidArgument, type OptionRules, requireArgument } from '@antiphon/core/link'
import type { Codec, TypedCodecOptions } from '@antiphon/core'
import type { Type } from 'io-ts'
import { requireElementDepth } from './xml-depth.js'
import { fromElement, parseRoot } from './xml-element.js'
import { isXmlText, toElement } from './xml-markup.js'

export { xmlBoolean, xmlList, xmlNumber, xmlObject, xmlText } from './xml-types.js'

/** The options of an XML codec. */
export interface XmlOptions extends TypedCodecOptions {
  /** The name of the root element, prefix included. */
  readonly root: string
}

/**
 * Creates a codec for XML payloads typed by io-ts: `application/xml`; it also reads `text/xml` and every `…+xml`. Needs
 * `@rgrove/parse-xml`.
 *
 * An element without attributes and children decodes to a string. Any other element decodes to an object with attributes as
 * `@name`, children by name (an array for a repeated name) and text as `#text`. All XML values are strings: `xmlNumber` and
 * `xmlBoolean` convert them; `xmlList` decodes arrays of any length, `xmlObject` an element that may be empty, `xmlText` a
 * string that may be absent. Names keep their prefix; comments and processing instructions are ignored.
 *
 * It rejects document type declarations, and so all entities except the predefined five, elements that mix text and
 * children, characters that XML 1.0 excludes, invalid names, and encodings other than UTF-8.
 *
 * @example
 * ```ts
 * const reading = xml(t.type({ '@unit': t.string, celsius: xmlNumber, tag: xmlList(t.string) }), { root: 'reading' })
 * // <reading unit="C"><celsius>22.5</celsius><tag>indoor</tag></reading>
 * ```
 */
export function xml<A, O>(type: Type<A, O, unknown>, xmlOptions: XmlOptions): Codec<A> {
  requireArgument('options', xmlOptions, xmlOptionRules)
  const { root, ...options } = xmlOptions
  if ((root as unknown) === undefined) throw invalidArgument('options.root is missing')
  // Throws for an invalid root name when the codec is created, not with the first message.
  toElement(root, '')
  return fromType(
    type,
    {
      contentType: 'application/xml',
      isText: true,
      accepts,
      parse: (payload, maximumDepth) => {
        // Normalizes line ends before parsing [XML 1.0, 2.11]: the parser needs minutes for a megabyte of CRLF.
        const document = fromUtf8(payload).replace(/\r\n?/g, '\n')
        // `maximumDepth` limits objects; the innermost element may be a string.
        requireElementDepth(document, maximumDepth + 1)
        return fromElement(parseRoot(document, root))
      },
      write: (data) => toUtf8(toElement(root, data)),
      carriesText: isXmlText,
    },
    options,
  )
}

const xmlOptionRules: OptionRules<XmlOptions> = { ...typedCodecOptionRules, root: 'string' }

const accepts = acceptsMediaTypes({ types: ['application/xml', 'text/xml'], suffix: '+xml' })
