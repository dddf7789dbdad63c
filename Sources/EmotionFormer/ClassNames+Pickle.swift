import EmotionFormerFiles
package import EmotionFormerTensors

extension ClassNames {
    /// Class names from a pickled scikit-learn `LabelEncoder`, an array, a list, or a dictionary of names and numbers;
    /// plain, or as joblib writes and compresses it.
    /// - Throws: what `PickleReader` throws; `invalidValue` if the pickle holds no names.
    package static func pickled(_ file: [UInt8]) throws(Fault) -> [String] {
        guard file.count <= PickleReader.byteLimit else {
            throw Fault(
                .limitExceeded, at: "", "the file is too large for a label encoder", found: "\(file.count) bytes",
                expected: "at most \(PickleReader.byteLimit)")
        }
        var (value, objects) = try PickleReader.read(try decompressed(file))
        func object(_ value: PickleValue?) -> PickleObject? {
            if case .object(let index)? = value { objects[index] } else { nil }
        }
        if let encoder = object(value), case .labelEncoder = encoder.kind { value = encoder["classes_"] ?? .none }
        guard let holder = object(value) else { throw noNames }
        let items: [PickleValue]
        switch holder.kind {
        case .array, .list, .tuple: items = holder.items
        case .dictionary: items = try numbered(holder.items)
        case .labelEncoder, .joblibWrapper, .elementType: throw noNames
        }
        guard !items.isEmpty else { throw noNames }
        // Each reference to a text of bytes becomes a text of its own.
        let byteCount = items.reduce(0) { if case .bytes(let text) = $1 { $0 + text.count } else { $0 } }
        guard byteCount <= PickleReader.byteLimit else {
            throw Fault(
                .limitExceeded, at: "", "the class names are too long", found: "\(byteCount) bytes",
                expected: "at most \(PickleReader.byteLimit)")
        }
        return try items.map { (item) throws(Fault) in try name(item) }
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
            throw Fault(.invalidValue, at: "", "a class name in the pickle is no text")
        }
    }

    /// The names of a dictionary of numbers and names, whichever is the key, if the numbers are 0, 1, 2, …
    private static func numbered(_ items: [PickleValue]) throws(Fault) -> [PickleValue] {
        var names: [Int: PickleValue] = [:]
        for index in stride(from: 0, to: items.count - 1, by: 2) {
            switch (items[index], items[index + 1]) {
            case (let name, .integer(let number)), (.integer(let number), let name): names[number] = name
            default: throw noNames
            }
        }
        let ordered = (0..<names.count).compactMap { names[$0] }
        guard ordered.count == items.count / 2 else { throw noNames }
        return ordered
    }

    /// The bytes inside a compressed file; others as they are.
    private static func decompressed(_ file: [UInt8]) throws(Fault) -> [UInt8] {
        if file.starts(with: [0x1F, 0x8B]) { return try gunzipped(file) }
        if file.first == 0x78, file.count > 6 {
            guard (Int(file[0]) << 8 | Int(file[1])).isMultiple(of: 31), file[1] & 0x20 == 0 else {
                throw Fault(.invalidValue, at: "", "the zlib header is damaged")
            }
            let result = try Inflate.decode(file[2..<file.count - 4], atMost: PickleReader.byteLimit)
            let stored = file.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            guard adler32(result) == stored else {
                throw Fault(.checksumMismatch, at: "", "the Adler-32 is not the one stored in the file")
            }
            return result
        }
        for (start, name) in [
            ([0x42, 0x5A, 0x68] as [UInt8], "bzip2"), ([0xFD, 0x37, 0x7A], "xz"), ([0x5D, 0, 0], "LZMA"),
        ]
        where file.starts(with: start) {
            throw Fault(
                .unsupportedAttribute, at: "", "the pickle is compressed in a way that is not read", found: name,
                expected: "zlib, gzip or none; --labels A,B,C gives the names too")
        }
        return file
    }

    /// RFC 1952, one member.
    private static func gunzipped(_ file: [UInt8]) throws(Fault) -> [UInt8] {
        let damaged = Fault(.invalidValue, at: "", "the gzip file is damaged")
        guard file.count >= 18, file[2] == 8, file[3] & 0xE0 == 0 else { throw damaged }
        var rest = file[10..<file.count - 8]
        if file[3] & 4 != 0 {
            guard rest.count >= 2 else { throw damaged }
            let length = Int(rest[10]) | Int(rest[11]) << 8
            rest = rest.dropFirst(2 + length)
        }
        // A file name and a comment, each of which ends with a zero.
        for flag in [8, 16] as [UInt8] where file[3] & flag != 0 {
            guard let end = rest.firstIndex(of: 0) else { throw damaged }
            rest = rest[(end + 1)...]
        }
        if file[3] & 2 != 0 { rest = rest.dropFirst(2) }
        let result = try Inflate.decode(rest, atMost: PickleReader.byteLimit)
        let stored = file[(file.count - 8)..<(file.count - 4)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard CRC32.checksum(result) == stored else {
            throw Fault(.checksumMismatch, at: "", "the CRC-32 is not the one stored in the file")
        }
        return result
    }

    /// RFC 1950, section 8.2.
    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            a = (a + UInt32(byte)) % 65521
            b = (b + a) % 65521
        }
        return b << 16 | a
    }
}
