/// The fields of a `.tflite` file as places in its bytes, each of a kind: what can be changed without moving anything.
struct FlatBufferFields {
    enum Kind: CaseIterable {
        case extent, operand, result, option, operation, type, buffer, scale, zeroPoint, constant, offset, slot, count
    }

    private(set) var bytes: [UInt8]
    private var places: [Kind: [(position: Int, width: Int)]] = [:]
    private var seen: Set<Int> = []

    /// What stands behind a table's field.
    private indirect enum Content {
        case number(Kind, Int)
        case numbers(Kind, Int)
        case table([Int: Content])
        case tables([Int: Content])
        /// Fields that are not known: the options of an operation.
        case unknown
    }

    private static let model: [Int: Content] = [
        1: .tables([0: .number(.operation, 1), 2: .number(.option, 4), 3: .number(.operation, 4)]),
        2: .tables([
            0: .tables([
                0: .numbers(.extent, 4), 1: .number(.type, 1), 2: .number(.buffer, 4),
                4: .table([2: .numbers(.scale, 4), 3: .numbers(.zeroPoint, 8), 6: .number(.option, 4)]),
                5: .number(.type, 1), 7: .numbers(.extent, 4),
            ]),
            1: .numbers(.operand, 4), 2: .numbers(.result, 4),
            3: .tables([
                0: .number(.operation, 4), 1: .numbers(.operand, 4), 2: .numbers(.result, 4), 3: .number(.type, 1),
                4: .unknown, 5: .numbers(.option, 1), 8: .numbers(.operand, 4),
            ]),
        ]),
        4: .tables([0: .numbers(.constant, 1)]),
        7: .tables([4: .number(.operand, 4)]),
    ]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if let root = target(0) { walk(root, FlatBufferFields.model) }
    }

    private func number(_ position: Int, _ width: Int) -> Int? {
        guard position >= 0, position + width <= bytes.count else { return nil }
        return (0..<width).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) }
    }

    private func target(_ position: Int) -> Int? { number(position, 4).map { position + $0 } }

    private mutating func add(_ kind: Kind, _ position: Int, _ width: Int) {
        guard position >= 0, position + width <= bytes.count else { return }
        places[kind, default: []].append((position, width))
    }

    private mutating func walk(_ table: Int, _ fields: [Int: Content]?) {
        guard seen.insert(table).inserted, seen.count < 10_000, let distance = number(table, 4) else { return }
        let vtable = table - Int(Int32(truncatingIfNeeded: distance))
        guard let size = number(vtable, 2), size < 200 else { return }
        for index in 0..<max(0, (size - 4) / 2) {
            add(.slot, vtable + 4 + 2 * index, 2)
            guard let offset = number(vtable + 4 + 2 * index, 2), offset != 0 else { continue }
            let position = table + offset
            guard let fields else {
                add(.option, position, 4)
                add(.option, position, 1)
                continue
            }
            switch fields[index] {
            case .number(let kind, let width)?: add(kind, position, width)
            case .numbers(let kind, let width)?:
                add(.offset, position, 4)
                guard let start = target(position), let count = number(start, 4) else { continue }
                add(.count, start, 4)
                for element in 0..<min(count, 4096) { add(kind, start + 4 + element * width, width) }
            case .table(let inner)?:
                add(.offset, position, 4)
                if let next = target(position) { walk(next, inner) }
            case .tables(let inner)?:
                add(.offset, position, 4)
                guard let start = target(position), let count = number(start, 4) else { continue }
                add(.count, start, 4)
                for element in 0..<min(count, 4096) {
                    add(.offset, start + 4 + 4 * element, 4)
                    if let next = target(start + 4 + 4 * element) { walk(next, inner) }
                }
            case .unknown?:
                add(.offset, position, 4)
                if let next = target(position) { walk(next, nil) }
            case nil: break
            }
        }
    }

    private static let integers: [Int64] = [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 31, 32, 63, 64, 100, 127, 128, 255, 256, 1000, 32767, 65535, 65536, -1, -2,
        -3,
        -127, -128, 1 << 20, 1 << 30, 1 << 31 - 1, -1 << 31, 1 << 32, 1 << 40, .max, .min,
    ]
    private static let floats: [UInt32] = [
        0x8000_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0x7F7F_FFFF, 0x0000_0001, 0x3F80_0000, 0xBF80_0000,
        0x4B80_0000, 0x5F00_0000, 0xCF00_0000, 0x3A83_126F,
    ]

    mutating func mutate(_ random: inout SeededGenerator) {
        // As often as they are listed: most changes of a result's place or an operator's number are refused at once.
        let plain: [Kind] = [
            .option, .option, .option, .option, .constant, .constant, .constant, .constant, .extent, .extent, .operand,
            .operand, .operation, .type, .result, .buffer, .scale, .zeroPoint,
        ]
        let kinds = (random.chance(0.97) ? plain : Kind.allCases).filter { places[$0] != nil }
        for _ in 0..<(random.chance(0.8) ? 1 : Int.random(in: 2...4, using: &random)) {
            guard let kind = kinds.randomElement(using: &random), let all = places[kind],
                let place = all.randomElement(using: &random)
            else { return }
            var width = place.width
            if kind == .constant {
                // Constants are numbers of one, four or eight bytes.
                width = [1, 4, 4, 8].randomElement(using: &random) ?? 1
            }
            let old = number(place.position, width).map { Int64($0) } ?? 0
            let value: Int64
            // An index that is not a neighbor's is refused at once.
            let isIndex = [.operand, .result, .buffer].contains(kind) && random.chance(0.9)
            switch isIndex ? Int.random(in: 0..<3, using: &random) : Int.random(in: 0..<6, using: &random) {
            case 0: value = old &+ 1
            case 1: value = old &- 1
            case 2 where !isIndex: value = FlatBufferFields.integers.randomElement(using: &random) ?? 0
            case 3 where kind == .scale || kind == .constant || kind == .option:
                value = Int64(FlatBufferFields.floats.randomElement(using: &random) ?? 0)
            case 4 where kind == .operation: value = Int64.random(in: 0...160, using: &random)
            case 4 where kind == .type: value = Int64.random(in: 0...18, using: &random)
            case 5: value = old ^ Int64(1) << Int64.random(in: 0..<Int64(8 * width), using: &random)
            default:
                guard let other = all.randomElement(using: &random) else { return }
                value = number(other.position, width).map { Int64($0) } ?? 0
            }
            for byte in 0..<width where place.position + byte < bytes.count {
                bytes[place.position + byte] = UInt8(truncatingIfNeeded: value >> Int64(8 * byte))
            }
        }
    }
}
