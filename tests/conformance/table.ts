/** All rows. */
import type { Clause, Http1Row, Http2Row, Row } from './row.ts'
import { http1ChunkRows } from './rows/http1-chunks.ts'
import { http1ConnectionRows } from './rows/http1-connections.ts'
import { http1ContentRows } from './rows/http1-content.ts'
import { http1FieldRows } from './rows/http1-fields.ts'
import { http1FramingRows } from './rows/http1-framing.ts'
import { http1InterimRows } from './rows/http1-interim.ts'
import { http1PassThroughRows } from './rows/http1-pass-through.ts'
import { http1RequestRows } from './rows/http1-requests.ts'
import { http1StatusLineRows } from './rows/http1-status-lines.ts'
import { http1SwitchRows } from './rows/http1-switches.ts'
import { http2ConnectionRows } from './rows/http2-connections.ts'
import { http2FieldRows } from './rows/http2-fields.ts'
import { http2FrameRows } from './rows/http2-frames.ts'
import { http2HeadRows } from './rows/http2-heads.ts'
import { http2RequestRows } from './rows/http2-requests.ts'
import { http2ResetRows } from './rows/http2-resets.ts'
import { http2SettingsRows } from './rows/http2-settings.ts'
import { http2WindowRows } from './rows/http2-windows.ts'
import { webSocketRows } from './rows/websocket.ts'

export const http1Rows: readonly Http1Row[] = [
  ...http1StatusLineRows,
  ...http1FieldRows,
  ...http1FramingRows,
  ...http1ChunkRows,
  ...http1InterimRows,
  ...http1RequestRows,
  ...http1ContentRows,
  ...http1ConnectionRows,
  ...http1PassThroughRows,
  ...http1SwitchRows,
]

export const http2Rows: readonly Http2Row[] = [
  ...http2RequestRows,
  ...http2FieldRows,
  ...http2SettingsRows,
  ...http2ConnectionRows,
  ...http2FrameRows,
  ...http2HeadRows,
  ...http2ResetRows,
  ...http2WindowRows,
]

export { webSocketRows }

export const rows: readonly Row[] = [...http1Rows, ...http2Rows]

export const allRows: readonly Clause[] = [...rows, ...webSocketRows]

/** Rows with the names of their tests. */
export function titled<Kind extends Clause>(some: readonly Kind[]): [title: string, row: Kind][] {
  return some.map((row) => [`${row.clause}: ${row.situation}`, row])
}
