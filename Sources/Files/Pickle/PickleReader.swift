import EmotionFormerCore

/// Reads pickles of Python (protocols 0 to 5) that hold a scikit-learn `LabelEncoder` or `StandardScaler`, NumPy arrays
/// or plain data.
///
/// Nothing is ever called or imported: a name that is not in `PickleGlobal` is an error, and so is every opcode that
/// such pickles do not use. Memory and time are linear in the size of the file, which is limited: an opcode makes at
/// most one value, and operations on more than one element are charged to a budget.
package struct PickleReader {
    private enum Entry {
        case mark
        case value(PickleValue)
    }

    package static let byteLimit = 4 << 20
    static let opcodeLimit = 1 << 19
    static let depthLimit = 4
    /// The budget of elements: elements of arrays, and items read from lists, tuples and dictionaries, in the whole
    /// pickle. Twice the classes of the largest encoder that is accepted.
    static let elementLimit = 1 << 17

    var bytes: PickleBytes
    var objects: [PickleObject] = []
    private var stack: [Entry] = []
    private var memo: [Int: PickleValue] = [:]
    private var opcodeCount = 0
    private var elementCount = 0
    private var byteCount = 0
    /// The budget of bytes of all elements in the whole pickle: each byte of the file may be used a few times.
    private let contentLimit: Int
    private var depth = 0

    /// - Throws: malformed for a damaged pickle, `unsupportedOperation` for one that needs anything but plain values,
    ///   `limitExceeded`.
    package static func read(_ bytes: [UInt8]) throws(FileFormatError) -> (value: PickleValue, objects: [PickleObject])
    {
        var reader = PickleReader(bytes)
        let value = try reader.run()
        return (value, reader.objects)
    }

    private init(_ bytes: [UInt8]) {
        self.bytes = PickleBytes(bytes)
        contentLimit = 4 * bytes.count
    }

    /// Charges elements and their bytes to the budget. A few bytes of a pickle can refer to a large value many times.
    /// - Throws: `limitExceeded` when the budget is used up.
    mutating func spend(elements: Int = 0, bytes used: Int = 0) throws(FileFormatError) {
        elementCount += elements
        byteCount += used
        guard elementCount <= PickleReader.elementLimit, byteCount <= contentLimit else {
            throw FileFormatError(
                .limitExceeded, at: bytes.place, "the pickle uses its data again more often than a label encoder does",
                expected: elementCount > PickleReader.elementLimit
                    ? "at most \(PickleReader.elementLimit) elements in all"
                    : "at most \(contentLimit) bytes of elements in all, four times the pickle")
        }
    }

    /// A pickle inside another one, as joblib writes arrays of objects.
    mutating func nested() throws(FileFormatError) -> PickleValue {
        guard depth < PickleReader.depthLimit else {
            throw FileFormatError(
                .limitExceeded, at: bytes.place, "pickles are nested too deep",
                expected: "at most \(PickleReader.depthLimit) levels")
        }
        let (outerStack, outerMemo) = (stack, memo)
        depth += 1
        stack = []
        memo = [:]
        let value = try run()
        depth -= 1
        stack = outerStack
        memo = outerMemo
        return value
    }

    private mutating func run() throws(FileFormatError) -> PickleValue {
        while true {
            opcodeCount += 1
            guard opcodeCount <= PickleReader.opcodeLimit else {
                throw FileFormatError(
                    .limitExceeded, at: bytes.place, "the pickle is too long for a label encoder",
                    expected: "at most \(PickleReader.opcodeLimit) opcodes")
            }
            let opcode = try bytes.byte()
            if opcode == UInt8(ascii: ".") { return try pop() }
            if let value = try bytes.constant(opcode) {
                push(value)
            } else {
                try perform(opcode)
            }
        }
    }

    private mutating func perform(_ opcode: UInt8) throws(FileFormatError) {
        switch opcode {
        case UInt8(ascii: "("): stack.append(.mark)
        case UInt8(ascii: "0"): _ = stack.popLast()
        case UInt8(ascii: "1"): _ = try marked()
        case UInt8(ascii: "2"): push(try top())
        case UInt8(ascii: "]"): make(.list)
        case UInt8(ascii: "}"): make(.dictionary)
        case UInt8(ascii: ")"): make(.tuple)
        case UInt8(ascii: "l"): make(.list, try marked())
        case UInt8(ascii: "t"): make(.tuple, try marked())
        case UInt8(ascii: "d"): make(.dictionary, try pairs(try marked()))
        case 0x85...0x87: make(.tuple, try pop(Int(opcode) - 0x84))
        case UInt8(ascii: "a"): try extend(.list, by: try pop(1))
        case UInt8(ascii: "e"): try extend(.list, by: try marked())
        case UInt8(ascii: "s"): try extend(.dictionary, by: try pop(2))
        case UInt8(ascii: "u"): try extend(.dictionary, by: try pairs(try marked()))
        case UInt8(ascii: "p"): memo[try bytes.decimalLine()] = try top()
        case UInt8(ascii: "q"): memo[Int(try bytes.byte())] = try top()
        case UInt8(ascii: "r"): memo[try bytes.count(4)] = try top()
        case 0x94: memo[memo.count] = try top()
        case UInt8(ascii: "g"): try recall(try bytes.decimalLine())
        case UInt8(ascii: "h"): try recall(Int(try bytes.byte()))
        case UInt8(ascii: "j"): try recall(try bytes.count(4))
        case UInt8(ascii: "c"): try pushGlobal(try bytes.line(), try bytes.line())
        case 0x93:
            let names = try pop(2)
            guard case .text(let module) = names[0], case .text(let name) = names[1] else {
                throw bytes.fault("a global's name is not text")
            }
            try pushGlobal(module, name)
        case UInt8(ascii: "R"), 0x81:
            let call = try pop(2)
            push(try construct(call[0], items(of: call[1], .tuple)))
        case UInt8(ascii: "b"):
            let state = try pop()
            guard case .object(let index) = try top() else {
                throw bytes.fault("a state is given to something that is not an object")
            }
            try build(index, state: state)
        // The protocol number and the lengths of frames are not needed.
        case 0x80: _ = try bytes.byte()
        case 0x95: _ = try bytes.take(8)
        default:
            throw FileFormatError(
                .unsupportedOperation, at: bytes.place, "the pickle does something that no label encoder needs",
                found: "opcode 0x" + String(opcode, radix: 16))
        }
    }

    private mutating func push(_ value: PickleValue) { stack.append(.value(value)) }

    private func top() throws(FileFormatError) -> PickleValue {
        guard case .value(let value)? = stack.last else { throw bytes.fault("the stack is empty") }
        return value
    }

    private mutating func pop() throws(FileFormatError) -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func pop(_ count: Int) throws(FileFormatError) -> [PickleValue] {
        var values: [PickleValue] = []
        for _ in 0..<count { values.append(try pop()) }
        return values.reversed()
    }

    /// Pops the values that were pushed after the last mark, and the mark.
    private mutating func marked() throws(FileFormatError) -> [PickleValue] {
        var values: [PickleValue] = []
        while let entry = stack.popLast() {
            guard case .value(let value) = entry else { return values.reversed() }
            values.append(value)
        }
        throw bytes.fault("a mark is missing")
    }

    private func pairs(_ values: [PickleValue]) throws(FileFormatError) -> [PickleValue] {
        guard values.count.isMultiple(of: 2) else { throw bytes.fault("a key has no value") }
        return values
    }

    mutating func object(_ kind: PickleObject.Kind, _ items: [PickleValue] = []) -> PickleValue {
        objects.append(PickleObject(kind: kind, items: items))
        return .object(objects.count - 1)
    }

    private mutating func make(_ kind: PickleObject.Kind, _ items: [PickleValue] = []) {
        push(object(kind, items))
    }

    private mutating func extend(_ kind: PickleObject.Kind, by items: [PickleValue]) throws(FileFormatError) {
        guard case .object(let index) = try top() else { throw bytes.fault("something that cannot grow is extended") }
        switch (kind, objects[index].kind) {
        case (.list, .list), (.dictionary, .dictionary): objects[index].items += items
        default: throw bytes.fault("something that cannot grow is extended")
        }
    }

    private mutating func recall(_ index: Int) throws(FileFormatError) {
        guard let value = memo[index] else { throw bytes.fault("the memo has no entry \(index)") }
        push(value)
    }

    private mutating func pushGlobal(_ module: String, _ name: String) throws(FileFormatError) {
        guard let global = PickleGlobal("\(module).\(name)") else {
            throw FileFormatError(
                .unsupportedOperation, at: bytes.place,
                "the pickle refers to something else than a LabelEncoder, a StandardScaler and arrays, and is not read",
                found: String("\(module).\(name)".prefix(80)), expected: "class names")
        }
        push(.global(global))
    }

    /// The items of a list, tuple or dictionary, charged to the budget.
    mutating func items(of value: PickleValue?, _ kind: PickleObject.Kind) throws(FileFormatError) -> [PickleValue] {
        guard case .object(let index)? = value else { throw bytes.fault("a value is of the wrong kind") }
        switch (kind, objects[index].kind) {
        case (.tuple, .tuple), (.list, .list), (.dictionary, .dictionary):
            try spend(elements: objects[index].items.count)
            return objects[index].items
        default: throw bytes.fault("a value is of the wrong kind")
        }
    }
}
