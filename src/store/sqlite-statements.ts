import type { DatabaseSync } from 'node:sqlite'

/** The statements of the store. The triggers of the schema count along. */
export function prepare(db: DatabaseSync) {
  return {
    listMappings: db.prepare('SELECT uuid, document FROM mapping'),
    putMapping: db.prepare(
      `INSERT INTO mapping (uuid, document, source, function, sum, flows)
       SELECT column1, column2, column3, column4, column5, (SELECT count(*) FROM flow WHERE flow.uuid = column1)
         FROM (VALUES (?, ?, ?, ?, ?)) WHERE true
       ON CONFLICT DO UPDATE SET
         document = excluded.document, source = excluded.source, function = excluded.function, sum = excluded.sum`,
    ),
    deleteMapping: db.prepare('DELETE FROM mapping WHERE uuid = ?'),
    deleteFlows: db.prepare('DELETE FROM flow WHERE uuid = ?'),
    // One counter for all flows: a flow that is forgotten and opened anew must not hand out a fence a second time.
    raiseFence: db.prepare('UPDATE fence SET last = last + 1 RETURNING last'),
    takeFlow: db.prepare(
      `INSERT INTO flow (uuid, flow, fence, sum) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET fence = excluded.fence RETURNING checkpoint, sum`,
    ),
    writeCheckpoint: db.prepare('UPDATE flow SET checkpoint = ?, sum = ? WHERE uuid = ? AND flow = ? AND fence = ?'),
    listCheckpoints: db.prepare(
      'SELECT flow, checkpoint, sum FROM flow WHERE uuid = ? AND checkpoint IS NOT NULL ORDER BY flow',
    ),
    deleteFlow: db.prepare('DELETE FROM flow WHERE uuid = ? AND flow = ?'),
    // A write of a page, though of the same number: whether one can be written is told by nothing less.
    probe: db.prepare('UPDATE fence SET last = last'),
  }
}
