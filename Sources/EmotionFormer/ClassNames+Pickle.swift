package import EmotionFormerCore
import EmotionFormerFiles

extension ClassNames {
    /// Class names from a pickled scikit-learn `LabelEncoder`, array, list, or dictionary of names and numbers, plain
    /// or as joblib writes and compresses it.
    /// - Throws: what `PickleReader` throws; `invalidValue` if the pickle holds no names.
    package static func pickled(_ file: [UInt8]) throws(Fault) -> [String] { try names(of: file, read) }

    /// Class names from an `npy` file of text, whole numbers or objects.
    /// - Throws: what `NumPyNames` throws; `invalidValue` if it holds no names.
    package static func array(_ file: [UInt8]) throws(Fault) -> [String] {
        try names(of: file) { (file) throws(Fault) in
            try reading { () throws(FileFormatError) in try NumPyNames.read(file) }
        }
    }

    private static func names(
        of file: [UInt8], _ read: ([UInt8]) throws(Fault) -> (PickleValue, [PickleObject])
    ) throws(Fault) -> [String] {
        guard file.count <= PickleReader.byteLimit else {
            throw Fault(
                .limitExceeded, at: "", "the file is too large for a label encoder", found: "\(file.count) bytes",
                expected: "at most \(PickleReader.byteLimit)")
        }
        var (value, objects) = try read(file)
        func object(_ value: PickleValue?) -> PickleObject? {
            if case .object(let index)? = value { objects[index] } else { nil }
        }
        if let encoder = object(value), case .labelEncoder = encoder.kind { value = encoder["classes_"] ?? .none }
        guard let holder = object(value) else { throw noNames }
        let items: [PickleValue]
        switch holder.kind {
        case .array, .list, .tuple: items = holder.items
        case .dictionary: items = try numbered(holder.items)
        case .labelEncoder, .standardScaler, .joblibWrapper, .elementType: throw noNames
        }
        guard !items.isEmpty else { throw noNames }
        // Each reference to a byte string becomes a separate string.
        let byteCount = items.reduce(0) { if case .bytes(let text) = $1 { $0 + text.count } else { $0 } }
        guard byteCount <= PickleReader.byteLimit else {
            throw Fault(
                .limitExceeded, at: "", "the class names are too long", found: "\(byteCount) bytes",
                expected: "at most \(PickleReader.byteLimit)")
        }
        return try items.map { (item) throws(Fault) in try name(item) }
    }

    /// - Throws: what `PickleReader` and `Compression` throw; `invalidValue` for a damaged file.
    private static func read(_ file: [UInt8]) throws(Fault) -> (PickleValue, [PickleObject]) {
        try reading { () throws(FileFormatError) in
            try PickleReader.read(try Compression.decompressed(file, atMost: PickleReader.byteLimit))
        }
    }

    private static func reading(
        _ body: () throws(FileFormatError) -> (value: PickleValue, objects: [PickleObject])
    ) throws(Fault) -> (PickleValue, [PickleObject]) {
        do throws(FileFormatError) {
            return try body()
        } catch {
            var fault = error.fault(malformed: .invalidValue)
            if fault.code == .unsupportedOperation || fault.code == .unsupportedAttribute, let expected = fault.expected
            {
                fault.expected = "\(expected); \(Parameter.labels) can also be a list A,B,C"
            }
            throw fault
        }
    }

    private static var noNames: Fault {
        Fault(.invalidValue, at: "", "the pickle holds no LabelEncoder with classes and no list of names")
    }

    private static func name(_ value: PickleValue) throws(Fault) -> String {
        switch value {
        case .text(let text): return text
        case .bytes(let text): return String(decoding: text, as: UTF8.self)
        case .integer(let number): return "\(number)"
        case .number(let number): return "\(number)"
        case .none, .boolean, .global, .object:
            throw Fault(.invalidValue, at: "", "a class name in the pickle is not text")
        }
    }

    /// The names in a dictionary that maps numbers 0, 1, 2, … to names, or names to numbers.
    private static func numbered(_ items: [PickleValue]) throws(Fault) -> [PickleValue] {
        var names: [Int: PickleValue] = [:]
        for index in stride(from: 0, to: items.count - 1, by: 2) {
            switch (items[index], items[index + 1]) {
            // An order and its inverse: nothing says which.
            case (.integer, .integer): throw noNames
            case (let name, .integer(let number)), (.integer(let number), let name): names[number] = name
            default: throw noNames
            }
        }
        let ordered = (0..<names.count).compactMap { names[$0] }
        guard ordered.count == items.count / 2 else { throw noNames }
        return ordered
    }
}
