import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles

/// An array of a NumPy file, to be read as the element type that a model wants.
struct TensorArray {
    private let bytes: ArraySlice<UInt8>
    let shape: Shape

    init(_ path: String) throws(Fault) {
        try self.init(bytes: ByteSource.path(path).bytes()[...], at: path)
    }

    private init(bytes: ArraySlice<UInt8>, at place: String) throws(Fault) {
        self.bytes = bytes
        do throws(Fault) {
            shape = try Fault.reading(.invalidValue, NumPyHeader(bytes).shape())
        } catch {
            throw error.within(place)
        }
    }

    /// The arrays of an archive, which have the names of a model's inputs.
    /// - Throws: `invalidArgument` for another name, `limitExceeded` for arrays that are far larger than the file.
    static func archive(
        _ path: String, of model: Model
    ) throws(Fault) -> [(name: String, array: TensorArray)] {
        let bytes = try ByteSource.path(path).bytes()
        do throws(Fault) {
            let archive = try Fault.reading(.invalidValue, ZipArchive(bytes))
            let budget = ClipBudget(fileBytes: bytes.count)
            var arrays: [(String, TensorArray)] = []
            for member in archive.members where member.name.hasSuffix(".npy") {
                let name = String(member.name.dropLast(4))
                guard model.inputs.contains(where: { $0.name == name }) else {
                    throw Fault(
                        .invalidArgument, at: member.name, "the model has no such input", found: "'\(name)'",
                        expected: model.inputs.map { "'\($0.name)'" }.joined(separator: ", "))
                }
                // What an array says of its size is checked before it is unpacked.
                try budget.spend(member.byteCount)
                let contents = try Fault.reading(.invalidValue, archive.contents(of: member))
                arrays.append((name, try TensorArray(bytes: contents[...], at: member.name)))
            }
            return arrays
        } catch {
            throw error.within(path)
        }
    }

    /// The array as elements of a type: the same, floats rounded to float32, or integers of another width in range.
    /// - Throws: `elementTypeMismatch` for elements of another kind, `outOfBounds` for an integer out of range.
    func tensor(of type: ModelTensor.ElementType) throws(Fault) -> Tensor {
        let header = try Fault.reading(.invalidValue, NumPyHeader(bytes))
        guard let wanted = ElementType(rawValue: type.rawValue) else {
            throw Fault(.elementTypeMismatch, at: "", "no array has such elements", found: type.rawValue)
        }
        let isInOrder = !header.isFortranOrder || shape.rank < 2
        if isInOrder, NumPyFile.descriptor(of: wanted) == header.descriptor { return try NumPyFile.tensor(bytes) }
        let kind = header.descriptor.dropFirst().first
        if wanted == .float32, kind == "f" {
            let array = try Fault.reading(.invalidValue, NumPyArray(bytes))
            return try Tensor(array.floats(), shape: array.shape)
        }
        guard wanted.isInteger, kind == "i" || kind == "u",
            ElementType.allCases.contains(where: { NumPyFile.descriptor(of: $0) == header.descriptor })
        else {
            throw Fault(
                .elementTypeMismatch, at: "", "the elements are of another type", found: header.descriptor,
                expected: NumPyFile.descriptor(of: wanted))
        }
        let source = try NumPyFile.tensor(bytes)
        let integers = source.doubles
        guard integers.allSatisfy({ $0.magnitude < 0x1p53 }) else {
            throw Fault(.outOfBounds, at: "", "an integer is too large", expected: "less than 2⁵³")
        }
        return try TensorArray.integers(integers.map { Int64($0) }, source.shape, as: wanted)
    }

    private static func integers(_ values: [Int64], _ shape: Shape, as type: ElementType) throws(Fault) -> Tensor {
        func converted<Element: FixedWidthInteger & TensorElement>(_: Element.Type) throws(Fault) -> Tensor {
            var elements: [Element] = []
            elements.reserveCapacity(values.count)
            for value in values {
                guard let element = Element(exactly: value) else {
                    throw Fault(
                        .outOfBounds, at: "", "an integer is out of the range of the input's type", found: "\(value)",
                        expected: type.rawValue)
                }
                elements.append(element)
            }
            return try Tensor(elements, shape: shape)
        }
        switch type {
        case .int8: return try converted(Int8.self)
        case .uint8: return try converted(UInt8.self)
        case .int32: return try converted(Int32.self)
        case .int64: return try converted(Int64.self)
        default:
            throw Fault(.elementTypeMismatch, at: "", "the elements are of another type", expected: type.rawValue)
        }
    }
}
