import EmotionFormerTensors
import Foundation
import Testing

@Suite("Tensors are values") struct ValueTests {
    @Test("A change of one is never seen in another: copies, views, parts of itself")
    func copies() throws {
        var x = try Tensor<Float>([[1, 2, 3], [4, 5, 6]])
        let copy = x
        let row = x[0]
        var turned = x.transposed()
        x[0, 1] = Tensor(scalar: 20)
        #expect(x.scalars == [1, 20, 3, 4, 5, 6])
        #expect(copy.scalars == [1, 2, 3, 4, 5, 6] && row.scalars == [1, 2, 3])
        turned[element: 2, 1] = 60
        #expect(turned.scalars == [1, 4, 2, 5, 3, 60] && x[element: 1, 2] == 6)
        x[.all, 0] = x[.all, 2]
        #expect(x.scalars == [3, 20, 3, 6, 5, 6])
        x += try x.reversed(axis: 0)
        #expect(x.scalars == [9, 25, 9, 9, 25, 9])
    }

    @Test("An index of a stretched axis that is changed is changed alone")
    func stretched() throws {
        var x = try Tensor<Int32>([1, 2]).broadcast(to: [3, 2])
        #expect(x.strides == [0, 1])
        x[element: 1, 0] = 9
        #expect(x.scalars == [1, 2, 9, 2, 1, 2])
    }

    @Test("Views copy nothing; a changed tensor that nobody else sees stays where it is")
    func addresses() throws {
        var x = try Tensor<Float>.zeros([4, 8])
        let before = x.withUnsafeBufferPointer { $0.baseAddress }
        x += 1
        x[2] = Tensor(repeatElement(3, count: 8).map { $0 })
        x.withUnsafeMutableBufferPointer { $0[0] = 7 }
        #expect(x.withUnsafeBufferPointer { $0.baseAddress } == before)
        let part = x[1...]
        #expect(part.isContiguous && part.withUnsafeBufferPointer { $0.baseAddress } == before.map { $0 + 8 })
        #expect(!x.transposed().isContiguous && x.transposed().transposed().isContiguous)
        #expect(try x.reshaped(to: [2, 16]).withUnsafeBufferPointer { $0.baseAddress } == before)
    }

    @Test("Equality is of shapes and elements; a NaN equals nothing, and is close where that is asked for")
    func equality() throws {
        let x = try Tensor<Float>([[1, 2], [3, 4]])
        #expect(x == x.transposed().transposed() && x != x.transposed())
        #expect(try x != x.reshaped(to: [4]))
        let broken = Tensor<Float>([.nan])
        #expect(broken != broken && !broken.isClose(to: broken) && broken.isClose(to: broken, equalNaN: true))
        #expect(x.isClose(to: x + 1e-6) && !x.isClose(to: x + 1e-3))
        #expect(Tensor<Float>([.infinity]).isClose(to: Tensor([.infinity])))
        #expect(!Tensor<Float>([1]).isClose(to: Tensor([.infinity])))
    }

    @Test("Coding keeps shape and elements, and refuses what does not fit together")
    func coding() throws {
        let x = try Tensor<Double>([[0.1, 2], [3, -4e300]]).transposed()
        let data = try JSONEncoder().encode(x)
        #expect(try JSONDecoder().decode(Tensor<Double>.self, from: data) == x)
        let wrong = Data(#"{"shape": [3], "scalars": [1, 2]}"#.utf8)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Tensor<Double>.self, from: wrong) }
    }

    @Test("Files are NumPy's: read again as they were, and never in place of something else")
    func files() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tensors-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("x.npy")
        let x = try Tensor<Int64>.range(24).reshaped(to: [2, 3, 4]).transposed(2, 0, 1)
        try x.write(to: file)
        #expect(try Tensor<Int64>(contentsOf: file) == x)
        #expect(try Tensor<Float>(converting: file).shape == [4, 2, 3])
        #expect(throws: TensorError.self) { try Tensor<Float>(contentsOf: file) }
        try Tensor<Bool>([true, false]).write(to: file)
        #expect(try Tensor<Bool>(contentsOf: file).scalars == [true, false])

        var archive = TensorArchive()
        archive.add("x", x)
        archive.add("half", Tensor<Double>([0.5]))
        let zip = folder.appendingPathComponent("all.npz")
        try archive.write(to: zip)
        let read = try TensorArchive(contentsOf: zip)
        #expect(read.names == ["x", "half"])
        #expect(try read.tensor("x", of: Int64.self) == x)
        #expect(throws: TensorError.self) { try read.tensor("y", of: Int64.self) }
        #expect(throws: TensorError.self) { try read.tensor("x", of: Double.self) }

        let text = folder.appendingPathComponent("notes.npy")
        try Data("notes".utf8).write(to: text)
        #expect(throws: TensorError.self) { try x.write(to: text) }
        #expect(try Data(contentsOf: text) == Data("notes".utf8))
    }

    @Test("A member that is damaged, and a file that is cut short, are refused")
    func damage() throws {
        let bytes = try Tensor<Float>.zeros([3, 3]).numPyBytes
        for count in 0..<bytes.count {
            #expect(throws: TensorError.self) { try Tensor<Float>(numPyBytes: Array(bytes.prefix(count))) }
        }
        #expect(throws: TensorError.self) { try Tensor<Float>(numPyBytes: bytes + [0]) }
    }

    @Test("Many threads may read and change copies of one tensor")
    func threads() async throws {
        let x = try Tensor<Float>.range(10_000)
        let sums = await withTaskGroup(of: Float.self) { group in
            for index in 0..<16 {
                group.addTask {
                    var own = x
                    own[element: 0] = Float(index)
                    return own.sum()
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(sums.sorted() == (0..<16).map { 49_995_000 + Float($0) }.sorted())
        #expect(x[element: 0] == 0)
    }
}
