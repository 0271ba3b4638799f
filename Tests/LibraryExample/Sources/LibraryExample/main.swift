import Tokenization

let vocabulary = try Vocabulary(directory: "vocab/kjv")  // shared by all threads
let encoder = BytePairEncoder(vocabulary)  // one a thread
let ids = encoder.encode("Hold my math!")
let text = String(decoding: try vocabulary.decode(ids), as: UTF8.self)
print(ids, text)
