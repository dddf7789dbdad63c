/// Memory for a kernel's operand, aligned as packed operands are, with a margin on both sides that must stay untouched.
final class Buffer<Element: BitwiseCopyable & Equatable> {
    let address: UnsafeMutablePointer<Element>
    let count: Int
    private let margin = 64
    private let marginValue: Element

    init(count: Int, fill: Element) {
        self.count = count
        marginValue = fill
        let raw = UnsafeMutableRawPointer.allocate(
            byteCount: (count + 2 * margin) * MemoryLayout<Element>.stride, alignment: 64)
        let whole = raw.bindMemory(to: Element.self, capacity: count + 2 * margin)
        whole.initialize(repeating: fill, count: count + 2 * margin)
        address = whole + margin
    }

    convenience init(_ values: [Element], margin fill: Element) {
        self.init(count: values.count, fill: fill)
        for index in values.indices { address[index] = values[index] }
    }

    deinit { UnsafeMutableRawPointer(address - margin).deallocate() }

    var values: [Element] { Array(UnsafeBufferPointer(start: address, count: count)) }

    var isMarginUntouched: Bool {
        (-margin..<0).allSatisfy { address[$0] == marginValue }
            && (count..<count + margin).allSatisfy { address[$0] == marginValue }
    }
}

extension Buffer where Element == Float {
    /// Numbers of −1…1 that depend on the seed alone.
    convenience init(random count: Int, seed: UInt64, scale: Float = 1) {
        self.init(count: count, fill: 12345)
        var generator = Generator(seed: seed)
        for index in 0..<count { address[index] = generator.nextFloat() * scale }
    }

    convenience init(count: Int) { self.init(count: count, fill: 12345) }
}

/// A linear congruential generator: the same numbers on every platform.
struct Generator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493 }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }

    /// −1…1
    mutating func nextFloat() -> Float { Float(next() % 20_001) / 10_000 - 1 }
}

/// The largest difference between a kernel's floats and the expected numbers; infinite where one is not a number.
func largestDifference(_ found: [Float], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    var largest = 0.0
    for (one, other) in zip(found, expected) {
        let difference = abs(Double(one) - other)
        if !(difference <= largest) { largest = difference.isNaN ? .infinity : difference }
    }
    return largest
}
