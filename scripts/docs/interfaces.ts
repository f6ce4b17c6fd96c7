/** Reads the members of interfaces, with their comments, from TypeScript that oxfmt has formatted. */

export interface Member {
  readonly name: string
  readonly type: string
  /** the comment, as one line; empty if there is none */
  readonly comment: string
}

/** Returns the members of `export interface NAME`, without index signatures. Throws if there is no such interface. */
export function membersOf(source: string, name: string): Member[] {
  const body = bodyOf(source, name)
  const members: Member[] = []
  let comment: string[] = []
  let type: string[] = []
  let member = ''
  const finish = (): void => {
    if (member !== '')
      members.push({ name: member, type: oneLine(type), comment: oneLine(comment) })
    member = ''
  }
  let isComment = false
  for (const line of body) {
    if (/^ {2}\/\*\*/.test(line)) {
      finish()
      comment = []
      isComment = true
    }
    if (isComment) {
      comment.push(line.replace(/^ *\/?\*+\/?/, '').replace(/\*\/$/, ''))
      isComment = !line.endsWith('*/')
      continue
    }
    const [, found, rest = ''] = /^ {2}(\w+)\??: ?(.*)$/.exec(line) ?? []
    if (found === undefined) {
      if (!line.startsWith('  [')) type.push(line)
      continue
    }
    // A second member below one comment has none of its own.
    if (member !== '') {
      finish()
      comment = []
    }
    member = found
    type = [rest]
  }
  finish()
  return members
}

/** Returns the names of the members of an interface in a namespace of undici's declarations, without refused ones. */
export function namesOf(declarations: string, name: string): string[] {
  const start = declarations.search(new RegExp(`export interface ${name}\\b`))
  if (start === -1) throw new Error(`no interface ${name}`)
  const text = declarations.slice(start, declarations.indexOf('\n  }', start))
  return [...text.matchAll(/^ {4}(\w+)\??[:(](?! never)/gm)].map(([, found = '']) => found)
}

function bodyOf(source: string, name: string): string[] {
  const lines = source.split('\n')
  const start = lines.findIndex((line) => new RegExp(`^export interface ${name}\\b`).test(line))
  if (start === -1) throw new Error(`no interface ${name}`)
  const open = lines.findIndex((line, index) => index >= start && line.endsWith('{'))
  return lines.slice(open + 1, lines.indexOf('}', open))
}

const oneLine = (lines: readonly string[]): string =>
  lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('//'))
    .join(' ')
    .replace(/^\| /, '')
