import EmotionFormerCore

/// A value on a pickle's stack: plain data, or a reference to an object, which may change while the pickle is read.
///
/// Values are not nested: objects are in one list and are referred to by index, so a deeply nested pickle causes no
/// deep recursion.
package enum PickleValue {
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case bytes([UInt8])
    case global(PickleGlobal)
    case object(Int)
}

/// The global names that a label encoder's pickle, or a scaler's, may refer to.
package enum PickleGlobal {
    case labelEncoder, standardScaler, array, elementType, reconstructArray, arrayFromBuffer, scalar, joblibWrapper,
        encode,
        reconstruct,
        object

    /// - Parameter name: module and name: `numpy.ndarray`.
    init?(_ name: String) {
        switch name {
        case "sklearn.preprocessing._label.LabelEncoder", "sklearn.preprocessing.label.LabelEncoder",
            "sklearn.preprocessing.LabelEncoder":
            self = .labelEncoder
        case "sklearn.preprocessing._data.StandardScaler", "sklearn.preprocessing.data.StandardScaler",
            "sklearn.preprocessing.StandardScaler":
            self = .standardScaler
        case "numpy.ndarray": self = .array
        case "numpy.dtype": self = .elementType
        case "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct": self = .reconstructArray
        case "numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer": self = .arrayFromBuffer
        case "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar": self = .scalar
        case "joblib.numpy_pickle.NumpyArrayWrapper": self = .joblibWrapper
        case "_codecs.encode": self = .encode
        // Protocols 0 and 1 make objects of a class with it.
        case "copyreg._reconstructor", "copy_reg._reconstructor": self = .reconstruct
        case "builtins.object", "__builtin__.object": self = .object
        default: return nil
        }
    }
}

/// An object of a pickle.
package struct PickleObject {
    package enum Kind {
        case list, tuple, array
        /// Items are keys and values in turn.
        case dictionary, labelEncoder, standardScaler, joblibWrapper
        case elementType(PickleElementType)
    }

    package var kind: Kind
    package var items: [PickleValue] = []

    /// The value of a key that is text; the last one if it occurs twice.
    package subscript(key: String) -> PickleValue? {
        var index = items.count - 2
        while index >= 0 {
            if case .text(key) = items[index] { return items[index + 1] }
            index -= 2
        }
        return nil
    }
}

/// A NumPy element type that class names can have.
package struct PickleElementType {
    enum Kind: Character {
        case text = "U"
        case bytes = "S"
        case object = "O"
        case integer = "i"
        case natural = "u"
        case float = "f"
    }

    let kind: Kind
    /// Bytes per element.
    let byteCount: Int
    var isBigEndian: Bool

    /// - Parameter code: NumPy's type code: `U7`, `<i8`, `O8`.
    init?(_ code: String) {
        guard code.utf8.count <= 10 else { return nil }
        var rest = code[...]
        isBigEndian = rest.first == ">"
        if let order = rest.first, "<>|=".contains(order) { rest.removeFirst() }
        guard let kind = rest.popFirst().flatMap(Kind.init(rawValue:)) else { return nil }
        self.kind = kind
        if kind == .object {
            byteCount = 8
            return
        }
        guard let count = Int(rest) else { return nil }
        switch kind {
        case .text where (1...4096).contains(count): byteCount = count * 4
        case .bytes where (1...16384).contains(count): byteCount = count
        case .integer where [1, 2, 4, 8].contains(count), .natural where [1, 2, 4, 8].contains(count):
            byteCount = count
        case .float where count == 4 || count == 8: byteCount = count
        default: return nil
        }
    }

    /// An element of an array; nil if the bytes are not valid text.
    func element(_ bytes: ArraySlice<UInt8>) -> PickleValue? {
        switch kind {
        case .object: return nil
        case .bytes:
            return .bytes(Array(bytes.prefix((bytes.lastIndex { $0 != 0 }).map { $0 - bytes.startIndex + 1 } ?? 0)))
        case .text:
            var text = String.UnicodeScalarView()
            var padding = 0
            for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: 4) {
                let code = UInt32(truncatingIfNeeded: number(bytes[start..<start + 4]))
                guard let scalar = Unicode.Scalar(code) else { return nil }
                // Shorter text is padded with zeros.
                if code == 0 {
                    padding += 1
                    continue
                }
                for _ in 0..<padding { text.append("\0") }
                padding = 0
                text.append(scalar)
            }
            return .text(String(text))
        case .natural: return Int(exactly: number(bytes)).map { .integer($0) }
        case .integer:
            let shift = UInt64(64 - byteCount * 8)
            return .integer(Int(Int64(bitPattern: number(bytes) << shift) >> shift))
        case .float:
            let bits = number(bytes)
            return .number(
                byteCount == 8
                    ? Double(bitPattern: bits) : Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
        }
    }

    private func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        isBigEndian
            ? bytes.reduce(0) { $0 << 8 | UInt64($1) } : bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
