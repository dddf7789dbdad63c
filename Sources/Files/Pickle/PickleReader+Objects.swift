import EmotionFormerCore

/// Makes objects of the few classes that a label encoder's pickle contains.
extension PickleReader {
    private static let arrayLimit = 1 << 16

    /// The result of calling a class or function. Nothing is executed: each known callee is handled here.
    mutating func construct(_ callee: PickleValue, _ arguments: [PickleValue]) throws(FileFormatError) -> PickleValue {
        guard case .global(let global) = callee else { throw bytes.fault("something that is not a class is called") }
        switch (global, arguments.count) {
        case (.labelEncoder, _): return object(.labelEncoder)
        case (.standardScaler, _): return object(.standardScaler)
        case (.joblibWrapper, _): return object(.joblibWrapper)
        case (.reconstruct, 1...):
            switch arguments[0] {
            case .global(.labelEncoder): return object(.labelEncoder)
            case .global(.standardScaler): return object(.standardScaler)
            case .global(.joblibWrapper): return object(.joblibWrapper)
            default: break
            }
        case (.reconstructArray, _): return object(.array)
        case (.elementType, 1...):
            let code: String
            switch arguments[0] {
            case .text(let text): code = text
            case .bytes(let text): code = String(decoding: text.prefix(20), as: UTF8.self)
            default: throw bytes.fault("an element type has no name")
            }
            guard let type = PickleElementType(code) else {
                throw FileFormatError(
                    .unsupportedAttribute, at: bytes.place, "an array is of an element type that no class names have",
                    found: String(code.prefix(20)), expected: "text, objects or numbers")
            }
            return object(.elementType(type))
        case (.encode, 1...):
            guard case .text(let text) = arguments[0] else { break }
            try spend(bytes: text.utf8.count)
            guard text.unicodeScalars.allSatisfy({ $0.value < 256 }) else { break }
            return .bytes(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
        case (.scalar, 2...):
            guard let value = try elements(elementType(arguments[0]), count: 1, arguments[1]).first else { break }
            return value
        case (.arrayFromBuffer, 4):
            let shape = try items(of: arguments[2], .tuple)
            let count = try count(shape, order: arguments[3])
            return object(.array, try elements(elementType(arguments[1]), count: count, arguments[0]))
        default: break
        }
        throw bytes.fault("a class has other arguments than those it takes")
    }

    /// Gives an object its state.
    mutating func build(_ index: Int, state: PickleValue) throws(FileFormatError) {
        switch objects[index].kind {
        case .labelEncoder, .standardScaler: objects[index].items += try items(of: state, .dictionary)
        case .joblibWrapper:
            objects[index].items += try items(of: state, .dictionary)
            try readWrappedArray(index)
        case .array:
            // Version, shape, element type, whether in Fortran order, elements.
            let state = try items(of: state, .tuple)
            guard state.count == 5, case .boolean(let isFortranOrder) = try boolean(state[3]) else {
                throw bytes.fault("an array has another state")
            }
            let shape = try items(of: state[1], .tuple)
            let count = try count(shape, order: .text(isFortranOrder ? "F" : "C"))
            objects[index].items = try elements(elementType(state[2]), count: count, state[4])
        case .elementType(var type):
            let state = try items(of: state, .tuple)
            if state.count > 1, case .text(let order) = state[1] {
                type.isBigEndian = order == ">"
                objects[index].kind = .elementType(type)
            }
        case .list, .tuple, .dictionary: throw bytes.fault("a state is given to plain data")
        }
    }

    /// joblib writes an array's bytes, or a pickle of its objects, after the object that describes the array.
    private mutating func readWrappedArray(_ index: Int) throws(FileFormatError) {
        let wrapper = objects[index]
        let type = try elementType(wrapper["dtype"] ?? .none)
        let shape = try items(of: wrapper["shape"], .tuple)
        let count = try count(shape, order: wrapper["order"] ?? .text("C"))
        if type.kind == .object {
            guard case .object(let inner) = try nested(), case .array = objects[inner].kind else {
                throw bytes.fault("an array of objects is missing")
            }
            objects[index] = objects[inner]
            return
        }
        if case .integer? = wrapper["numpy_array_alignment_bytes"] { _ = try bytes.take(Int(try bytes.byte())) }
        let size = count * type.byteCount
        objects[index] = PickleObject(
            kind: .array, items: try elements(type, count: count, .bytes(Array(try bytes.take(size)))))
    }

    private func boolean(_ value: PickleValue) throws(FileFormatError) -> PickleValue {
        switch value {
        case .boolean: value
        // Protocols 0 and 1 have no Booleans.
        case .integer(let number): .boolean(number != 0)
        default: throw bytes.fault("a value is of the wrong kind")
        }
    }

    private func elementType(_ value: PickleValue) throws(FileFormatError) -> PickleElementType {
        guard case .object(let index) = value, case .elementType(let type) = objects[index].kind else {
            throw bytes.fault("an array has no element type")
        }
        return type
    }

    /// The number of elements of an array.
    private func count(_ shape: [PickleValue], order: PickleValue) throws(FileFormatError) -> Int {
        var count = 1
        for extent in shape {
            guard case .integer(let extent) = extent, extent >= 0 else {
                throw bytes.fault("an array's extent is not a count")
            }
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard !overflow, product <= PickleReader.arrayLimit else {
                throw FileFormatError(
                    .limitExceeded, at: bytes.place, "an array has more elements than a label encoder has classes",
                    expected: "at most \(PickleReader.arrayLimit)")
            }
            count = product
        }
        if case .text("F") = order, shape.count > 1 { throw bytes.fault("an array of names is in Fortran order") }
        return count
    }

    private mutating func elements(
        _ type: PickleElementType, count: Int, _ content: PickleValue
    ) throws(FileFormatError) -> [PickleValue] {
        if type.kind == .object {
            let list = try items(of: content, .list)
            guard list.count == count else { throw bytes.fault("an array has another number of objects") }
            return list
        }
        let data: [UInt8]
        switch content {
        case .bytes(let content): data = content
        // As written by Python 2.
        case .text(let text):
            try spend(bytes: text.utf8.count)
            data = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        default: throw bytes.fault("an array has no elements")
        }
        try spend(elements: count, bytes: data.count)
        guard data.count == count * type.byteCount else {
            throw FileFormatError(
                .sizeMismatch, at: bytes.place, "an array has more or fewer bytes than its shape says",
                found: "\(data.count)", expected: "\(count * type.byteCount)")
        }
        var values: [PickleValue] = []
        for index in 0..<count {
            guard let value = type.element(data[index * type.byteCount..<(index + 1) * type.byteCount]) else {
                throw bytes.fault("an element of an array is neither text nor a number")
            }
            values.append(value)
        }
        return values
    }
}
