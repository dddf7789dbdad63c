import EmotionFormerCore

/// A tensor list of TensorFlow, as the plain tensor (count, element…) that it becomes.
struct TensorList: Equatable, CustomStringConvertible {
    /// The number of rows; nil if it is known only when the model's shapes are.
    var count: Int?
    /// The extents of an element.
    var element: [Int]

    var extents: [Int?] { [count] + element }

    var description: String {
        "[" + ([count.map(String.init) ?? "?"] + element.map(String.init)).joined(separator: ", ") + "]"
    }
}

/// The tensor lists of a file, found operator by operator from the main subgraph on: a loop hands them to its condition
/// and its body, which are imported after it.
final class TensorLists {
    private struct Key: Hashable {
        var subgraph: Int
        var tensor: Int
    }

    private var lists: [Key: TensorList] = [:]

    func list(_ tensor: Int, subgraph: Int) -> TensorList? { lists[Key(subgraph: subgraph, tensor: tensor)] }

    /// - Throws: `shapeMismatch` if the tensor is a list of another shape: a loop's body that two loops run.
    func declare(_ list: TensorList, _ tensor: Int, subgraph: Int) throws(Fault) {
        let key = Key(subgraph: subgraph, tensor: tensor)
        if let known = lists[key], known != list {
            throw Fault(
                .shapeMismatch, at: "subgraph \(subgraph): tensor \(tensor)",
                "two loops share one body with lists of different shapes", found: "\(list)", expected: "\(known)")
        }
        lists[key] = list
    }
}
