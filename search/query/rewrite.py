from search.query.tree import *
SC=(Word,Phrase,Prefix,Wildcard,Fuzzy)
def scoring_leaves(node):
    out=[]
    def go(n):
        if isinstance(n,SC): out.append(n)
        elif isinstance(n,(And,Or)): [go(x) for x in n.nodes]
    go(node); return list(dict.fromkeys(out))
def any_of(node):
    leaves=tuple(scoring_leaves(node))
    if len(leaves)<2: return node
    req=tuple(p for p in node.nodes if isinstance(p,Not) or not scoring_leaves(p)) if isinstance(node,And) else ()
    w=Or(leaves)
    return And((w,*req)) if req else w
def split_relaxed(node):
    leaves=tuple(scoring_leaves(node))
    req=tuple(p for p in (node.nodes if isinstance(node,And) else (node,)) if not scoring_leaves(p))
    return leaves,req
def names_dates(n): return isinstance(n,Dates) or isinstance(n,(And,Or)) and any(map(names_dates,n.nodes))
def names_outlets(n): return isinstance(n,Site) or getattr(n,'field',None)=='provider' or isinstance(n,(And,Or)) and any(map(names_outlets,n.nodes))
