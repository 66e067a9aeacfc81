import { does, leaves, sources, type Behaviour } from '../behaviour.ts'

export const filterPatterns: readonly Behaviour[] = [
  does('filter.structure', '§6.1', sources, 'Leaves are lists of alternatives, members are ANDed, filters are ORed.'),
  does('filter.five', '§6.1', sources, 'Five patterns of up to 4,096 characters.'),
  does('filter.none', '§1.2', sources, 'An empty list of patterns is taken for none, and left out of answers.'),
  does(
    'filter.update',
    '§1.2',
    sources,
    'Patterns that an update brings, changes or takes away hold from the next record on.',
  ),
  leaves(
    ['filter.ten', '§6.1', sources, 'A raised quota of ten patterns.'],
    'AWS raises it on request to support; five hold here as in every new account.',
  ),
  does('filter.duplicate-keys', '§6.1', sources, 'Of duplicate keys the last one counts.'),
  does('filter.null-empty', '§6.2', sources, 'null and "" match themselves and nothing else.'),
  does(
    'filter.equals',
    '§6.2',
    sources,
    'Strings, numbers and booleans by equality, strings also without regard to case.',
  ),
  does('filter.or', '§6.2', sources, '$or over members, combinations bounded.'),
  does('filter.anything-but', '§6.2', sources, 'anything-but a value or a list; an absent member does not match.'),
  does('filter.numeric', '§6.2', sources, 'Numeric comparisons and ranges, on JSON numbers only.'),
  does('filter.exists', '§6.2', sources, 'exists on leaves, true and false.'),
  does('filter.prefix-suffix', '§6.2', sources, 'Prefix and suffix, also without regard to case.'),
  does(
    'filter.refused-operators',
    '§6.2',
    sources,
    'wildcard, cidr and anything-but with prefix, suffix or wildcard are refused.',
  ),
  does(
    'filter.arrays',
    '§6.3',
    sources,
    'A list of the event matches by any element; members must match within the same one.',
  ),
  does('filter.dotted', '§6.3', sources, 'Dotted keys and nested ones are the same path.'),
  does(
    'filter.invalid',
    '§6.3',
    sources,
    'What is no pattern is refused: leaves that are no list, unknown operators, wrong operands, malformed JSON.',
  ),
  does('filter.odd-data', '§6.3', sources, 'Odd data and hostile events match or not; they never fail a batch.'),
]
