import EmotionFormerCore

/// The bit patterns that the elements of a type may have.
enum ElementRule {
    case finiteFloat32, finiteFloat16, boolean, any

    init(_ elementType: ElementType) {
        switch elementType {
        case .float32: self = .finiteFloat32
        case .float16: self = .finiteFloat16
        case .bool: self = .boolean
        default: self = .any
        }
    }

    /// - Parameters:
    ///   - bytes: whole elements at an aligned address.
    ///   - firstByte: where `bytes` begins in its tensor, for the error.
    /// - Throws: `notFinite` or `invalidValue`, with the element's index.
    func check(_ bytes: UnsafeRawBufferPointer, firstByte: Int, at place: String) throws(Fault) {
        switch self {
        case .any: return
        case .finiteFloat32:
            let words = bytes.bindMemory(to: UInt32.self)
            // An exponent of all ones, plus one, carries into the sign bit. The loop has no branch, so that the
            // compiler can vectorize it.
            guard hasBit(0x8000_0000, words, { ($0 & 0x7F80_0000) &+ 0x0080_0000 }) else { return }
            let index = words.firstIndex { $0 & 0x7F80_0000 == 0x7F80_0000 } ?? 0
            throw notFinite(Float(bitPattern: words[index]), firstByte / 4 + index, place)
        case .finiteFloat16:
            let words = bytes.bindMemory(to: UInt16.self)
            guard hasBit(0x8000, words, { ($0 & 0x7C00) &+ 0x0400 }) else { return }
            let index = words.firstIndex { $0 & 0x7C00 == 0x7C00 } ?? 0
            throw notFinite(Float(halfBits: words[index]), firstByte / 2 + index, place)
        case .boolean:
            let words = bytes.bindMemory(to: UInt8.self)
            guard hasBit(0xFE, words, { $0 }) else { return }
            let index = words.firstIndex { $0 > 1 } ?? 0
            throw Fault(
                .invalidValue, at: place, "element \(firstByte + index) is not a Boolean", found: "\(words[index])",
                expected: "0 or 1")
        }
    }

    private func notFinite(_ value: Float, _ index: Int, _ place: String) -> Fault {
        Fault(
            .notFinite, at: place, "element \(index) is not finite", found: value.isNaN ? "NaN" : "\(value)",
            expected: "a finite number")
    }

    /// Whether any of the bits is set in any of the words after the transformation.
    @inline(__always)
    private func hasBit<Word: FixedWidthInteger>(
        _ bits: Word, _ words: UnsafeBufferPointer<Word>, _ transformed: (Word) -> Word
    ) -> Bool {
        var union: Word = 0
        for index in words.indices { union |= transformed(words[index]) }
        return union & bits != 0
    }
}
